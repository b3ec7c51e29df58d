#include "gateway/dialects/openai/completions.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "gateway/dialects/openai/parts.h"
#include "text/utf8.h"

namespace cofre::gateway::openai {
namespace {

using namespace protocol;

constexpr std::size_t prompts_max = 64;
constexpr std::size_t ids_max = 4 << 20;
constexpr std::int64_t max_tokens_default = 16;  // OpenAI's

std::vector<std::int32_t> read_ids(Form& form, std::string_view key, const json::Array& list) {
  if (list.size() > ids_max) form.refuse(key, "has too many token ids");
  std::vector<std::int32_t> ids;
  ids.reserve(list.size());
  for (const auto& id : list) {
    if (!id.is_int64() || id.get_int64() < 0 || id.get_int64() > std::numeric_limits<std::int32_t>::max())
      form.refuse(key, "must be a text, texts, token ids or lists of token ids");
    ids.push_back(static_cast<std::int32_t>(id.get_int64()));
  }
  if (ids.empty()) form.refuse(key, "is empty");
  return ids;
}

/// logprobs of /v1/completions: four lists of the same length.
class LegacyLogprobs {
 public:
  void add(const std::vector<TokenProbability>& tokens, std::uint32_t top) {
    for (const auto& token : tokens) {
      const auto text = text::replace_invalid_utf8(token.bytes);
      texts_.emplace_back(text);
      logprobs_.emplace_back(logprob_value(token.logprob));
      json::Object best;
      for (const auto& other : token.top) best[text::replace_invalid_utf8(other.bytes)] = logprob_value(other.logprob);
      tops_.emplace_back(top > 0 && token.logprob ? json::Value(std::move(best)) : json::Value());
      offsets_.emplace_back(offset_);
      offset_ += static_cast<std::uint64_t>(std::count_if(
          text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
    }
  }
  json::Object take() {
    return {{"tokens", std::exchange(texts_, {})},
            {"token_logprobs", std::exchange(logprobs_, {})},
            {"top_logprobs", std::exchange(tops_, {})},
            {"text_offset", std::exchange(offsets_, {})}};
  }

 private:
  json::Array texts_, logprobs_, tops_, offsets_;
  std::uint64_t offset_ = 0;
};

class CompletionEncoder : public Encoder {
 public:
  CompletionEncoder(const AnswerHead& head, const CompletionCall& call, bool stream)
      : head_(head), stream_(stream), include_usage_(call.delivery.include_usage) {
    const auto& first = call.requests.front();
    each_ = first.choices;
    logprobs_ = first.logprobs;
    top_ = first.top_logprobs;
    choices_.resize(call.requests.size() * each_);
  }

  std::string take(std::size_t run, const Event& event) override {
    if (const auto* text = std::get_if<Text>(&event)) {
      auto* choice = find(run, text->choice);
      if (choice == nullptr) return {};
      choice->logprobs.add(text->logprobs, top_);
      if (stream_)
        return text->text.empty() && text->logprobs.empty() ? std::string() : chunk(*choice, text->text, nullptr);
      choice->text += text->text;
    } else if (const auto* finished = std::get_if<Finished>(&event)) {
      auto* choice = find(run, finished->choice);
      if (choice == nullptr) return {};
      choice->reason = finished->reason == FinishReason::tool_calls ? FinishReason::stop : finished->reason;
      if (stream_) return chunk(*choice, "", name_of(choice->reason).data());
    }
    return {};
  }

  std::string finish(const Usage& usage) override {
    if (stream_) {
      if (!include_usage_) return std::string(sse_done);
      auto last = frame(json::Array());
      last["usage"] = usage_object(usage);
      return sse(json::dump(last)) + std::string(sse_done);
    }
    json::Array choices;
    for (auto& choice : choices_)
      choices.emplace_back(choice_object(choice, choice.text, name_of(choice.reason).data()));
    auto whole = frame(std::move(choices));
    whole["usage"] = usage_object(usage);
    return json::dump(whole);
  }

  std::string fail(const Failure& failure) override { return sse_failure(failure); }

 private:
  struct Choice {
    std::string text;
    LegacyLogprobs logprobs;
    FinishReason reason = FinishReason::stop;
  };

  Choice* find(std::size_t run, std::uint32_t index) {
    const auto at = run * each_ + index;
    return index < each_ && at < choices_.size() ? &choices_[at] : nullptr;
  }
  json::Object frame(json::Array choices) const {
    return {{"id", answer_id("cmpl-", head_.id)},
            {"object", "text_completion"},
            {"created", head_.created},
            {"model", head_.model},
            {"choices", std::move(choices)}};
  }
  json::Object choice_object(Choice& choice, std::string_view text, const char* reason) {
    return {{"text", text},
            {"index", static_cast<std::int64_t>(&choice - choices_.data())},
            {"logprobs", logprobs_ ? json::Value(choice.logprobs.take()) : json::Value()},
            {"finish_reason", reason == nullptr ? json::Value() : json::Value(reason)}};
  }
  std::string chunk(Choice& choice, std::string_view text, const char* reason) {
    json::Array choices;
    choices.emplace_back(choice_object(choice, text, reason));
    auto one = frame(std::move(choices));
    if (include_usage_) one["usage"] = nullptr;
    return sse(json::dump(one));
  }

  AnswerHead head_;
  bool stream_, include_usage_, logprobs_ = false;
  std::uint32_t each_ = 1, top_ = 0;
  std::vector<Choice> choices_;
};

}  // namespace

std::vector<TextOrIds> read_inputs(Form& form, std::string_view key, std::size_t most) {
  const auto* value = form.take(key);
  if (value == nullptr) form.refuse(key, "is missing");
  std::vector<TextOrIds> inputs;
  if (value->is_string()) {
    inputs.emplace_back(std::string(value->get_string()));
    return inputs;
  }
  if (!value->is_array() || value->get_array().empty())
    form.refuse(key, "must be a text, texts, token ids or lists of token ids");
  const auto& list = value->get_array();
  if (list.front().is_number()) {
    inputs.emplace_back(read_ids(form, key, list));
    return inputs;
  }
  if (list.size() > most) form.refuse(key, fmt::format("must have at most {} items", most));
  for (const auto& item : list) {
    if (item.is_string()) {
      inputs.emplace_back(std::string(item.get_string()));
    } else if (item.is_array()) {
      inputs.emplace_back(read_ids(form, key, item.get_array()));
    } else {
      form.refuse(key, "must be a text, texts, token ids or lists of token ids");
    }
  }
  return inputs;
}

CompletionCall parse_completions(const json::Value& body) {
  Form form(body);
  CompletionCall call;
  Request request;
  read_sampling(form, request);
  const auto prompts = read_inputs(form, "prompt", prompts_max);
  Completion completion;
  completion.echo = form.flag("echo").value_or(false);
  completion.suffix = form.text("suffix", 64 << 20);
  request.max_tokens = static_cast<std::uint64_t>(
      form.whole("max_tokens", completion.echo ? 0 : 1, std::numeric_limits<std::int32_t>::max())
          .value_or(max_tokens_default));
  if (const auto logprobs = form.whole("logprobs", 0, 20)) {
    request.logprobs = true;
    request.top_logprobs = static_cast<std::uint32_t>(*logprobs);
    request.prompt_logprobs = completion.echo;
  }
  request.best_of = static_cast<std::uint32_t>(form.whole("best_of", 1, 128).value_or(0));
  if (request.best_of > 0 && request.best_of < request.choices) form.refuse("best_of", "must not be less than n");
  read_constraint(form, request, false);
  call.delivery = read_delivery(form);
  if (request.best_of > request.choices && call.delivery.stream)
    form.refuse("best_of", "cannot be streamed: the best are known at the end");
  read_labels(form);
  form.finish();
  for (const auto& prompt : prompts) {
    completion.prompt = prompt;
    request.task = completion;
    validate(request);
    call.requests.push_back(request);
  }
  return call;
}

std::unique_ptr<Encoder> encode_completion_stream(const AnswerHead& head, const CompletionCall& call) {
  return std::make_unique<CompletionEncoder>(head, call, true);
}
std::unique_ptr<Encoder> encode_completion(const AnswerHead& head, const CompletionCall& call) {
  return std::make_unique<CompletionEncoder>(head, call, false);
}

}  // namespace cofre::gateway::openai
