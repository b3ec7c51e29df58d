// Any body of OpenAI's API is a request within its limits, or an error.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "gateway/dialects/openai/chat.h"
#include "gateway/dialects/openai/completions.h"
#include "gateway/dialects/openai/embeddings.h"
#include "gateway/dialects/openai/responses.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cofre;
  using namespace cofre::gateway::openai;
  json::Value body;
  try {
    body = json::parse({reinterpret_cast<const char*>(data), size});
  } catch (const Error&) {
    return 0;
  }
  const auto attempt = [&](auto parse) {
    try {
      parse();
    } catch (const Error&) {
    }
  };
  attempt([&] { protocol::validate(parse_chat(body).request); });
  attempt([&] { parse_completions(body); });
  attempt([&] { parse_embeddings(body); });
  attempt([&] { parse_responses(body); });
  attempt([&] { parse_tokenize(body); });
  attempt([&] { parse_detokenize(body); });
  return 0;
}
