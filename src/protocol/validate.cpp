#include <cmath>

#include "base/error.h"
#include "protocol/request.h"

namespace cofre::protocol {
namespace {

constexpr std::size_t stops_max = 64;
constexpr std::size_t biases_max = 4096;
constexpr std::size_t choices_of_text_max = 4096;
constexpr std::size_t inputs_max = 4096;
constexpr std::uint32_t choices_max = 128;
constexpr std::uint32_t top_logprobs_max = 20;
constexpr std::uint32_t dimensions_max = 1 << 20;
constexpr int priority_max = 1000;

[[noreturn]] void refuse(const char* field, const char* what) {
  fail_field(Code::invalid, field, "{} {}", field, what);
}

/// `exclusive`: least itself is refused too.
void check_real(const std::optional<double>& value, double least, double most, const char* field,
                bool exclusive = false) {
  if (!value) return;
  const bool inside = std::isfinite(*value) && *value <= most && (exclusive ? *value > least : *value >= least);
  if (!inside)
    fail_field(Code::invalid, field, "{} is {}; it must lie between {}{} and {}", field, json::number_text(*value),
               least, exclusive ? " (not itself)" : "", most);
}

void check_ids(const std::vector<std::int32_t>& ids, const char* field) {
  for (const auto id : ids)
    if (id < 0) refuse(field, "must hold token ids");
}

void check(const Sampling& sampling) {
  check_real(sampling.temperature, 0, 2, "temperature");
  check_real(sampling.top_p, 0, 1, "top_p", true);
  check_real(sampling.min_p, 0, 1, "min_p");
  check_real(sampling.typical_p, 0, 1, "typical_p", true);
  check_real(sampling.repetition_penalty, 0, 2, "repetition_penalty", true);
  check_real(sampling.presence_penalty, -2, 2, "presence_penalty");
  check_real(sampling.frequency_penalty, -2, 2, "frequency_penalty");
  if (sampling.top_k && (*sampling.top_k < 0 || *sampling.top_k > INT32_MAX)) refuse("top_k", "must be 0 or more");
  if (sampling.logit_bias.size() > biases_max) refuse("logit_bias", "has too many tokens");
  for (const auto& [id, bias] : sampling.logit_bias) {
    if (id < 0) refuse("logit_bias", "must name token ids");
    check_real(bias, -100, 100, "logit_bias");
  }
}

void check(const Constraint& constraint) {
  using Kind = Constraint::Kind;
  const bool textual = constraint.kind == Kind::regex || constraint.kind == Kind::gbnf;
  if (textual && constraint.text.empty()) refuse("constraint", "is empty");
  if (constraint.kind == Kind::choice && constraint.choices.empty()) refuse("constraint", "offers no choice");
  if (constraint.choices.size() > choices_of_text_max) refuse("constraint", "offers too many choices");
}

void check(const Chat& chat) {
  if (chat.messages.empty()) refuse("messages", "must hold at least one message");
  for (const auto& message : chat.messages)
    if (!message.is_object() || !message.get_object().contains("role"))
      refuse("messages", "must hold objects with a role");
  for (const auto& tool : chat.tools)
    if (!tool.is_object()) refuse("tools", "must hold objects");
  if (chat.tool_choice == ToolChoice::named && chat.tool_name.empty()) refuse("tool_choice", "names no function");
  const bool forced = chat.tool_choice == ToolChoice::required || chat.tool_choice == ToolChoice::named;
  if (forced && chat.tools.empty()) refuse("tool_choice", "asks for a call, but there are no tools");
}

void check(const Completion& completion) {
  if (const auto* ids = std::get_if<std::vector<std::int32_t>>(&completion.prompt)) check_ids(*ids, "prompt");
}

void check(const Embedding& embedding) {
  if (embedding.inputs.empty()) refuse("input", "is empty");
  if (embedding.inputs.size() > inputs_max) refuse("input", "has too many texts");
  for (const auto& input : embedding.inputs)
    if (const auto* ids = std::get_if<std::vector<std::int32_t>>(&input)) check_ids(*ids, "input");
  if (embedding.dimensions && (*embedding.dimensions == 0 || *embedding.dimensions > dimensions_max))
    refuse("dimensions", "must be 1 or more");
}

void check(const Rerank& rerank) {
  if (rerank.query.empty()) refuse("query", "is empty");
  if (rerank.documents.empty()) refuse("documents", "is empty");
  if (rerank.documents.size() > inputs_max) refuse("documents", "has too many texts");
}

void check(const Tokenize& tokenize) {
  if (const auto* chat = std::get_if<Chat>(&tokenize.input)) check(*chat);
}

void check(const Detokenize& detokenize) { check_ids(detokenize.tokens, "tokens"); }

}  // namespace

void validate(const Request& request) {
  std::visit([](const auto& task) { check(task); }, request.task);
  check(request.sampling);
  check(request.constraint);
  if (request.choices == 0 || request.choices > choices_max) refuse("n", "must lie between 1 and 128");
  const auto* completion = std::get_if<Completion>(&request.task);
  if (request.best_of > choices_max) refuse("best_of", "must lie between 1 and 128");
  if (request.best_of > 0 && request.best_of < request.choices) refuse("best_of", "must not be less than n");
  if (request.best_of > 0 && completion == nullptr) refuse("best_of", "is for completions");
  const bool scores_prompt = completion != nullptr && completion->echo;  // then no answer need follow
  if (request.max_tokens && *request.max_tokens == 0 && !scores_prompt) refuse("max_tokens", "must be 1 or more");
  if (request.top_logprobs > top_logprobs_max) refuse("top_logprobs", "must lie between 0 and 20");
  if (request.stop.size() > stops_max) refuse("stop", "has too many texts");
  for (const auto& stop : request.stop)
    if (stop.empty()) refuse("stop", "holds an empty text");
  if (request.stop_token_ids.size() > biases_max) refuse("stop_token_ids", "has too many tokens");
  check_ids(request.stop_token_ids, "stop_token_ids");
  if (request.priority < -priority_max || request.priority > priority_max) refuse("priority", "is out of range");
}

}  // namespace cofre::protocol
