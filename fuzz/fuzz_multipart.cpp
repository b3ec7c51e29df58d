// Any bytes are parts or an error; where the bytes are cut changes nothing.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/error.h"
#include "gateway/multipart.h"

namespace {

using cofre::gateway::Multipart;

struct Texts : Multipart::Taker {
  void begin(const Multipart::Part& part) override { out += part.name + "|" + part.file_name.value_or("-") + "|"; }
  void data(std::string_view bytes) override { out += bytes; }
  void end() override { out += "|"; }
  std::string out;
};

std::string understood(std::string_view bytes, std::size_t step) {
  Texts texts;
  try {
    Multipart parser("multipart/form-data; boundary=b", texts);
    for (; !bytes.empty(); bytes.remove_prefix(std::min(step, bytes.size()))) parser.feed(bytes.substr(0, step));
    parser.finish();
    return texts.out;
  } catch (const cofre::Error&) {
    return "refused";
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Texts texts;
  try {
    const Multipart parser(bytes, texts);
  } catch (const cofre::Error&) {
  }
  const auto whole = understood(bytes, 1 << 20);
  if (size < 4096 && understood(bytes, 1) != whole) std::abort();
  return 0;
}
