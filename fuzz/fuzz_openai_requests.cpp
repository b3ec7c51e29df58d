// Any body or query of OpenAI's API is a request within its limits, or an error; what is stored of one can be read
// again.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "gateway/dialects/openai/chat.h"
#include "gateway/dialects/openai/completions.h"
#include "gateway/dialects/openai/embeddings.h"
#include "gateway/dialects/openai/query.h"
#include "gateway/dialects/openai/responses.h"
#include "gateway/dialects/openai/stored.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cofre;
  using namespace cofre::gateway::openai;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto attempt = [&](auto parse) {
    try {
      parse();
    } catch (const Error&) {
    }
  };
  http::Request request;
  request.query = text;
  attempt([&] { parse_retrieval(request); });
  attempt([&] { CHECK(read_page(request, 20, 100).limit <= 100); });
  json::Value body;
  try {
    body = json::parse(text);
  } catch (const Error&) {
    return 0;
  }
  attempt([&] { protocol::validate(parse_chat(body).request); });
  attempt([&] { parse_completions(body); });
  attempt([&] { parse_embeddings(body); });
  attempt([&] { parse_tokenize(body); });
  attempt([&] { parse_detokenize(body); });
  std::optional<ResponsesCall> call;
  attempt([&] { call = parse_responses(body); });
  if (!call || !call->store) return 0;
  name_items(call->input, "resp_0");
  const auto& messages = std::get<protocol::Chat>(call->request.task).messages;
  const bool instructed = !call->asked.at("instructions").is_null();
  const auto again =
      parse_responses(json::parse(R"({"model":"m","input":"x"})"), json::parse(json::dump(call->input)).as_array());
  // The same messages, without the instructions, before the new one.
  CHECK(std::get<protocol::Chat>(again.request.task).messages.size() == messages.size() + 1 - (instructed ? 1 : 0));
  return 0;
}
