#include "protocol/event.h"

#include <cmath>
#include <limits>

#include "protocol/fields.h"
#include "text/utf8.h"

namespace cofre::protocol {
namespace {

constexpr std::string_view reasons[] = {"stop", "length", "tool_calls", "content_filter"};
constexpr std::string_view codes[] = {"invalid",     "not_found", "unsupported", "exhausted",
                                      "unavailable", "cancelled", "internal"};
constexpr std::uint64_t index_max = 1 << 20;
constexpr double unlikely = -9999;  ///< stands for a log-probability of −∞, which JSON cannot say

/// A token's bytes: as text where they are UTF-8, else as hex digits.
void put_bytes(json::Object& out, const std::string& bytes) {
  if (!text::find_invalid_utf8(bytes)) {
    out["text"] = bytes;
    return;
  }
  std::string hex;
  for (const char c : bytes) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
  out["hex"] = hex;
}

unsigned digit(char c, const Fields& fields) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  fields.refuse("hex", "must hold hex digits");
}

std::string read_bytes(const Fields& fields) {
  if (!fields.has("hex")) return fields.text("text");
  const auto hex = fields.text("hex");
  if (hex.size() % 2 != 0) fields.refuse("hex", "must hold pairs of digits");
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2)
    bytes += static_cast<char>(digit(hex[i], fields) << 4 | digit(hex[i + 1], fields));
  return bytes;
}

json::Array write(const std::vector<TokenProbability>& list) {
  json::Array out;
  for (const auto& one : list) {
    json::Object item{{"id", one.id}};
    if (one.logprob) item["logprob"] = std::isfinite(*one.logprob) ? *one.logprob : unlikely;
    put_bytes(item, one.bytes);
    if (!one.top.empty()) item["top"] = write(one.top);
    out.push_back(std::move(item));
  }
  return out;
}

std::vector<TokenProbability> read_probabilities(const Fields& fields, std::string_view key, bool with_top) {
  std::vector<TokenProbability> out;
  for (const auto& item : fields.array(key)) {
    if (!item.is_object()) fields.refuse(key, "must hold objects");
    const Fields one(item.get_object(), fields.name(key) + ".");
    TokenProbability probability;
    probability.id = static_cast<std::int32_t>(one.whole("id", -1, INT32_MAX));
    probability.logprob = one.real_if("logprob");
    probability.bytes = read_bytes(one);
    if (with_top && one.has("top")) probability.top = read_probabilities(one, "top", false);
    out.push_back(std::move(probability));
  }
  return out;
}

json::Object write(const Started& e) {
  return {{"event", "started"}, {"prompt_tokens", e.prompt_tokens}, {"cached_tokens", e.cached_tokens}};
}
json::Object write(const Text& e) {
  json::Object out{{"event", "text"}, {"choice", e.choice}, {"text", e.text}};
  if (!e.logprobs.empty()) out["logprobs"] = write(e.logprobs);
  return out;
}
json::Object write(const Reasoning& e) { return {{"event", "reasoning"}, {"choice", e.choice}, {"text", e.text}}; }
json::Object write(const ToolCall& e) {
  json::Object out{{"event", "tool_call"}, {"choice", e.choice}, {"index", e.index}};
  if (!e.id.empty()) out["id"] = e.id;
  if (!e.name.empty()) out["name"] = e.name;
  out["arguments"] = e.arguments;
  return out;
}
json::Object write(const Finished& e) {
  json::Object out{{"event", "finished"},
                   {"choice", e.choice},
                   {"reason", reasons[static_cast<std::size_t>(e.reason)]},
                   {"stop_sequence", e.stop_sequence}};
  if (e.work)
    out["work"] = json::Object{{"queue_s", e.work->queue_s},
                               {"prefill_s", e.work->prefill_s},
                               {"decode_s", e.work->decode_s},
                               {"tokens", e.work->tokens}};
  return out;
}
json::Object write(const Vectors& e) {
  json::Array vectors;
  for (const auto& vector : e.vectors) {
    json::Array values;
    values.reserve(vector.size());
    for (const float value : vector) values.emplace_back(static_cast<double>(value));
    vectors.push_back(std::move(values));
  }
  return {{"event", "vectors"}, {"vectors", std::move(vectors)}};
}
json::Object write(const Tokens& e) {
  json::Array pieces;
  for (const auto& piece : e.pieces) {
    json::Object item;
    put_bytes(item, piece);
    pieces.push_back(std::move(item));
  }
  return {{"event", "tokens"}, {"ids", array_of(e.ids)}, {"pieces", std::move(pieces)}, {"text", e.text}};
}
json::Object write(const Done& e) {
  return {{"event", "done"},
          {"prompt_tokens", e.usage.prompt_tokens},
          {"cached_tokens", e.usage.cached_tokens},
          {"completion_tokens", e.usage.completion_tokens},
          {"reasoning_tokens", e.usage.reasoning_tokens}};
}
json::Object write(const Failed& e) {
  return {{"event", "failed"},
          {"code", codes[static_cast<std::size_t>(e.code)]},
          {"message", e.message},
          {"field", e.field},
          {"retry_after_s", e.retry_after_s},
          {"reason", e.reason}};
}

std::uint32_t choice_of(const Fields& fields) {
  return static_cast<std::uint32_t>(fields.count_or("choice", index_max, 0));
}

Event read_text(const Fields& fields) {
  Text text{choice_of(fields), fields.text("text"), {}};
  if (fields.has("logprobs")) text.logprobs = read_probabilities(fields, "logprobs", true);
  return text;
}

Event read_tool_call(const Fields& fields) {
  return ToolCall{choice_of(fields), static_cast<std::uint32_t>(fields.count_or("index", index_max, 0)),
                  fields.text_or("id", ""), fields.text_or("name", ""), fields.text_or("arguments", "")};
}

Event read_finished(const Fields& fields) {
  Finished out{choice_of(fields), enum_of<FinishReason>(reasons, fields.text("reason"), fields.name("reason")),
               fields.text_or("stop_sequence", "")};
  if (!fields.has("work")) return out;
  const auto work = fields.inside("work");
  out.work = {work.real("queue_s"), work.real("prefill_s"), work.real("decode_s"), work.count("tokens", UINT64_MAX)};
  return out;
}

Event read_vectors(const Fields& fields) {
  Vectors out;
  for (const auto& row : fields.array("vectors")) {
    if (!row.is_array()) fields.refuse("vectors", "must hold arrays");
    auto& vector = out.vectors.emplace_back();
    for (const auto& value : row.get_array()) {
      const double number = real_of(value, fields.name("vectors"));
      if (std::fabs(number) > std::numeric_limits<float>::max()) fields.refuse("vectors", "must hold 32-bit numbers");
      vector.push_back(static_cast<float>(number));
    }
  }
  return out;
}

Event read_tokens(const Fields& fields) {
  Tokens out{fields.ids("ids"), {}, fields.text("text")};
  for (const auto& item : fields.array("pieces")) {
    if (!item.is_object()) fields.refuse("pieces", "must hold objects");
    out.pieces.push_back(read_bytes(Fields(item.get_object(), fields.name("pieces") + ".")));
  }
  return out;
}

Event read_failed(const Fields& fields) {
  return Failed{enum_of<Code>(codes, fields.text("code"), fields.name("code")), fields.text("message"),
                fields.text_or("field", ""), fields.real_if("retry_after_s").value_or(0), fields.text_or("reason", "")};
}

}  // namespace

json::Object to_json(const Event& event) {
  return std::visit([](const auto& one) { return write(one); }, event);
}

Event event_from_json(const json::Object& object) {
  const Fields fields(object);
  const auto kind = fields.text("event");
  const auto number = [&](std::string_view key) { return fields.count_or(key, UINT64_MAX, 0); };
  if (kind == "text") return read_text(fields);
  if (kind == "reasoning") return Reasoning{choice_of(fields), fields.text("text")};
  if (kind == "tool_call") return read_tool_call(fields);
  if (kind == "started") return Started{number("prompt_tokens"), number("cached_tokens")};
  if (kind == "finished") return read_finished(fields);
  if (kind == "done")
    return Done{
        {number("prompt_tokens"), number("cached_tokens"), number("completion_tokens"), number("reasoning_tokens")}};
  if (kind == "failed") return read_failed(fields);
  if (kind == "vectors") return read_vectors(fields);
  if (kind == "tokens") return read_tokens(fields);
  fail_field(Code::invalid, "event", "there is no event \"{}\"", kind);
}

}  // namespace cofre::protocol
