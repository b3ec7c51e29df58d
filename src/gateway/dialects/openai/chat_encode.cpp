#include <map>
#include <vector>

#include "gateway/dialects/openai/chat.h"
#include "gateway/dialects/openai/parts.h"

namespace cofre::gateway::openai {
namespace {

using namespace protocol;

class ChatStream : public Encoder {
 public:
  ChatStream(const AnswerHead& head, std::uint32_t choices, bool logprobs, bool include_usage)
      : reasoning_(json::quote(head.reasoning_field)),
        choices_(choices),
        logprobs_(logprobs),
        include_usage_(include_usage) {
    // Every chunk begins with the same words.
    front_ = "data: {\"id\":" + json::quote(answer_id("chatcmpl-", head.id)) +
             ",\"object\":\"chat.completion.chunk\",\"created\":" + std::to_string(head.created) +
             ",\"model\":" + json::quote(head.model) + ",\"choices\":[";
  }

  std::string take(std::size_t, const Event& event) override {
    if (std::holds_alternative<Started>(event)) {
      std::string out;
      for (std::uint32_t i = 0; i < choices_; ++i) out += chunk(i, R"("role":"assistant","content":"")");
      return out;
    }
    if (const auto* text = std::get_if<Text>(&event)) {
      if (text->text.empty() && text->logprobs.empty()) return {};
      return chunk(text->choice, "\"content\":" + json::quote(text->text), &text->logprobs);
    }
    if (const auto* thought = std::get_if<Reasoning>(&event))
      return thought->text.empty() ? std::string()
                                   : chunk(thought->choice, reasoning_ + ":" + json::quote(thought->text));
    if (const auto* call = std::get_if<ToolCall>(&event))
      return chunk(call->choice, "\"tool_calls\":[" + piece(*call) + "]");
    if (const auto* finished = std::get_if<Finished>(&event))
      return chunk(finished->choice, "", nullptr, name_of(finished->reason));
    return {};
  }

  std::string finish(const Usage& usage) override {
    std::string out;
    if (include_usage_) out = front_ + "],\"usage\":" + json::dump(usage_object(usage)) + "}\n\n";
    return out += sse_done;
  }

  std::string fail(const Failure& failure) override { return sse_failure(failure); }

 private:
  static std::string piece(const ToolCall& call) {
    std::string out = "{\"index\":" + std::to_string(call.index);
    if (!call.name.empty())
      out += ",\"id\":" + json::quote(call.id) +
             ",\"type\":\"function\",\"function\":{\"name\":" + json::quote(call.name) + ",";
    else
      out += ",\"function\":{";
    return out += "\"arguments\":" + json::quote(call.arguments) + "}}";
  }

  std::string chunk(std::uint32_t choice, std::string_view delta, const std::vector<TokenProbability>* tokens = nullptr,
                    std::string_view reason = {}) const {
    std::string out = front_;
    out += "{\"index\":" + std::to_string(choice) + ",\"delta\":{";
    out += delta;
    out += "},\"logprobs\":";
    out += logprobs_ && tokens != nullptr
               ? json::dump(json::Object{{"content", logprob_items(*tokens)}, {"refusal", nullptr}})
               : std::string("null");
    out += ",\"finish_reason\":";
    out += reason.empty() ? std::string("null") : json::quote(reason);
    out += include_usage_ ? "}],\"usage\":null}\n\n" : "}]}\n\n";
    return out;
  }

  std::string front_, reasoning_;
  std::uint32_t choices_;
  bool logprobs_, include_usage_;
};

class ChatWhole : public Encoder {
 public:
  ChatWhole(const AnswerHead& head, std::uint32_t choices, bool logprobs)
      : head_(head), logprobs_(logprobs), choices_(choices) {}

  std::string take(std::size_t, const Event& event) override {
    if (const auto* text = std::get_if<Text>(&event)) {
      if (auto* choice = find(text->choice)) {
        choice->text += text->text;
        choice->has_text = true;
        for (auto& item : logprob_items(text->logprobs)) choice->logprobs.emplace_back(std::move(item));
      }
    } else if (const auto* thought = std::get_if<Reasoning>(&event)) {
      if (auto* choice = find(thought->choice)) choice->reasoning += thought->text;
    } else if (const auto* call = std::get_if<ToolCall>(&event)) {
      if (auto* choice = find(call->choice)) {
        auto& known = choice->calls[call->index];
        if (!call->name.empty()) known = {call->choice, call->index, call->id, call->name, {}};
        known.arguments += call->arguments;
      }
    } else if (const auto* finished = std::get_if<Finished>(&event)) {
      if (auto* choice = find(finished->choice)) choice->reason = finished->reason;
    }
    return {};
  }

  std::string finish(const Usage& usage) override {
    json::Array choices;
    for (std::size_t i = 0; i < choices_.size(); ++i) choices.emplace_back(choice_object(i));
    return json::dump(json::Object{{"id", answer_id("chatcmpl-", head_.id)},
                                   {"object", "chat.completion"},
                                   {"created", head_.created},
                                   {"model", head_.model},
                                   {"choices", std::move(choices)},
                                   {"usage", usage_object(usage)}});
  }

  std::string fail(const Failure& failure) override { return sse_failure(failure); }

 private:
  struct Choice {
    std::string text, reasoning;
    bool has_text = false;
    json::Array logprobs;
    std::map<std::uint32_t, ToolCall> calls;
    FinishReason reason = FinishReason::stop;
  };
  Choice* find(std::uint32_t index) { return index < choices_.size() ? &choices_[index] : nullptr; }

  json::Object choice_object(std::size_t index) {
    auto& choice = choices_[index];
    json::Object message{{"role", "assistant"}, {"content", nullptr}, {"refusal", nullptr}};
    if (choice.has_text || choice.calls.empty()) message["content"] = choice.text;
    if (!choice.reasoning.empty()) message[head_.reasoning_field] = choice.reasoning;
    if (!choice.calls.empty()) {
      json::Array calls;
      for (const auto& [at, call] : choice.calls)
        calls.emplace_back(
            json::Object{{"id", call.id},
                         {"type", "function"},
                         {"function", json::Object{{"name", call.name}, {"arguments", call.arguments}}}});
      message["tool_calls"] = std::move(calls);
    }
    json::Value logprobs;
    if (logprobs_) logprobs = json::Object{{"content", std::move(choice.logprobs)}, {"refusal", nullptr}};
    return {{"index", index},
            {"message", std::move(message)},
            {"logprobs", std::move(logprobs)},
            {"finish_reason", name_of(choice.reason)}};
  }

  AnswerHead head_;
  bool logprobs_;
  std::vector<Choice> choices_;
};

}  // namespace

std::unique_ptr<Encoder> encode_chat_stream(const AnswerHead& head, std::uint32_t choices, bool logprobs,
                                            bool include_usage) {
  return std::make_unique<ChatStream>(head, choices, logprobs, include_usage);
}
std::unique_ptr<Encoder> encode_chat(const AnswerHead& head, std::uint32_t choices, bool logprobs) {
  return std::make_unique<ChatWhole>(head, choices, logprobs);
}

}  // namespace cofre::gateway::openai
