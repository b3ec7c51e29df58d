// Any text is a template or an error; a template renders or refuses, within its limits.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "template/template.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cofre;
  static const auto context = json::parse(
      R"({"messages":[{"role":"system","content":"s"},{"role":"user","content":"a b"}],"tools":[{"a":[1,2.5,null]}],"bos_token":"<s>"})");
  chat_template::Limits limits;
  limits.steps = 20'000;
  limits.output_bytes = 64 << 10;
  try {
    chat_template::Template::parse({reinterpret_cast<const char*>(data), size}, limits)
        .render(context.get_object(), {});
  } catch (const Error&) {
  }
  return 0;
}
