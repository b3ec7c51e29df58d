#include <utility>
#include <vector>

#include "gateway/dialects/openai/parts.h"
#include "gateway/dialects/openai/responses.h"

namespace cofre::gateway::openai {
namespace {

using namespace protocol;

/// Output items grow one after the other; each change is an event, which the whole answer leaves out.
class ResponsesEncoder : public ResponseWriter {
 public:
  ResponsesEncoder(const AnswerHead& head, const ResponsesCall& call)
      : head_(head), asked_(call.asked), stream_(call.stream || call.background) {}

  std::string take(std::size_t, const Event& event) override {
    if (std::holds_alternative<Started>(event)) {
      status_ = "in_progress";
      if (sequence_ == 0) tell("response.created", {{"response", object()}});
      tell("response.in_progress", {{"response", object()}});
    } else if (const auto* text = std::get_if<Text>(&event)) {
      if (!text->text.empty() || !text->logprobs.empty()) take_text(*text);
    } else if (const auto* thought = std::get_if<Reasoning>(&event)) {
      if (thought->text.empty()) return {};
      open(Kind::reasoning, 0);
      items_.back().text += thought->text;
      tell("response.reasoning_text.delta", at_part({{"delta", thought->text}}));
    } else if (const auto* call = std::get_if<ToolCall>(&event)) {
      take_call(*call);
    } else if (const auto* finished = std::get_if<Finished>(&event)) {
      reason_ = finished->reason;
    }
    return std::exchange(out_, {});
  }

  std::string finish(const Usage& usage) override {
    if (items_.empty()) open(Kind::message, 0);
    const bool whole = reason_ == FinishReason::stop || reason_ == FinishReason::tool_calls;
    close(whole);
    status_ = whole ? "completed" : "incomplete";
    usage_ = usage;
    if (!stream_) return json::dump(object());
    tell(whole ? "response.completed" : "response.incomplete", {{"response", object()}});
    return std::exchange(out_, {});
  }

  std::string fail(const Failure& failure) override {
    status_ = "failed";
    error_ = json::Object{{"code", failure.code.empty() ? failure.type : failure.code}, {"message", failure.message}};
    tell("response.failed", {{"response", object()}});
    return std::exchange(out_, {});
  }

  std::string queue() override {
    status_ = "queued";
    tell("response.created", {{"response", object()}});
    tell("response.queued", {{"response", object()}});
    return std::exchange(out_, {});
  }

  std::string cancel() override {
    close(false);
    status_ = "cancelled";
    tell("response.incomplete", {{"response", object()}});  // the nearest of the ends that clients know
    return std::exchange(out_, {});
  }

  json::Object object() const override {
    json::Object out{{"id", response_id(head_.id)},
                     {"object", "response"},
                     {"created_at", head_.created},
                     {"status", status_},
                     {"error", error_},
                     {"incomplete_details", nullptr},
                     {"model", head_.model},
                     {"output", done_},
                     {"truncation", "disabled"},
                     {"usage", nullptr}};
    if (status_ == "incomplete")
      out["incomplete_details"] =
          json::Object{{"reason", reason_ == FinishReason::length ? "max_output_tokens" : "content_filter"}};
    if (usage_) out["usage"] = input_output_usage(*usage_);
    for (const auto& field : asked_) out[field.key()] = field.value();
    return out;
  }

 private:
  enum class Kind : std::uint8_t { reasoning, message, call };
  struct Item {
    Kind kind = Kind::message;
    std::uint32_t index = 0;  ///< of a call
    std::string id, text;     ///< text: of the message or thought, a call's arguments
    std::string call_id, name;
    json::Array logprobs;
    bool over = false, whole = false;
  };

  void tell(std::string_view type, json::Object fields) {
    if (stream_) out_ += response_event(type, sequence_++, std::move(fields));
  }

  json::Object at_item(json::Object fields) const {
    json::Object out{{"item_id", items_.back().id}, {"output_index", items_.size() - 1}};
    for (auto& field : fields) out[field.key()] = field.value();
    return out;
  }
  json::Object at_part(json::Object fields) const {
    auto out = at_item(std::move(fields));
    out["content_index"] = 0;
    return out;
  }

  json::Object part() const {
    const auto& item = items_.back();
    if (item.kind == Kind::reasoning) return {{"type", "reasoning_text"}, {"text", item.text}};
    return {{"type", "output_text"}, {"text", item.text}, {"annotations", json::Array()}, {"logprobs", item.logprobs}};
  }

  static json::Object item_object(const Item& item, json::Array content) {
    const char* status = item.whole ? "completed" : item.over ? "incomplete" : "in_progress";
    switch (item.kind) {
      case Kind::reasoning:
        return {{"id", item.id},
                {"type", "reasoning"},
                {"summary", json::Array()},
                {"content", std::move(content)},
                {"status", status}};
      case Kind::message:
        return {{"id", item.id},
                {"type", "message"},
                {"status", status},
                {"role", "assistant"},
                {"content", std::move(content)}};
      case Kind::call: break;
    }
    return {{"id", item.id},           {"type", "function_call"}, {"status", status},
            {"call_id", item.call_id}, {"name", item.name},       {"arguments", item.text}};
  }

  /// Makes sure that the last item is open and of this kind.
  void open(Kind kind, std::uint32_t index, const ToolCall* call = nullptr) {
    if (!items_.empty() && !items_.back().over && items_.back().kind == kind && items_.back().index == index) return;
    close(true);
    constexpr std::string_view fronts[] = {"rs_", "msg_", "fc_"};
    Item item;
    item.kind = kind;
    item.index = index;
    item.id = answer_id(fronts[static_cast<std::size_t>(kind)], head_.id) + std::to_string(items_.size());
    if (call != nullptr) item.call_id = call->id, item.name = call->name;
    items_.push_back(std::move(item));
    tell("response.output_item.added", {{"output_index", items_.size() - 1}, {"item", item_object(items_.back(), {})}});
    if (kind != Kind::call) tell("response.content_part.added", at_part({{"part", part()}}));
  }

  void close(bool whole) {
    if (items_.empty() || items_.back().over) return;
    auto& item = items_.back();
    item.over = true;
    item.whole = whole;
    if (item.kind == Kind::call) {
      tell("response.function_call_arguments.done", at_item({{"name", item.name}, {"arguments", item.text}}));
    } else {
      const bool message = item.kind == Kind::message;
      json::Object done{{"text", item.text}};
      if (message) done["logprobs"] = item.logprobs;
      tell(message ? "response.output_text.done" : "response.reasoning_text.done", at_part(std::move(done)));
      tell("response.content_part.done", at_part({{"part", part()}}));
    }
    auto object = item_object(item, item.kind == Kind::call ? json::Array() : json::Array{part()});
    done_.emplace_back(object);
    tell("response.output_item.done", {{"output_index", items_.size() - 1}, {"item", std::move(object)}});
  }

  void take_text(const Text& text) {
    open(Kind::message, 0);
    auto logprobs = logprob_items(text.logprobs);
    items_.back().text += text.text;
    for (const auto& one : logprobs) items_.back().logprobs.emplace_back(one);
    tell("response.output_text.delta", at_part({{"delta", text.text}, {"logprobs", std::move(logprobs)}}));
  }

  void take_call(const ToolCall& call) {
    open(Kind::call, call.index, &call);
    if (call.arguments.empty()) return;
    items_.back().text += call.arguments;
    tell("response.function_call_arguments.delta", at_item({{"delta", call.arguments}}));
  }

  AnswerHead head_;
  json::Object asked_;
  bool stream_;
  std::uint64_t sequence_ = 0;
  std::string_view status_ = "in_progress";
  json::Value error_;
  std::optional<Usage> usage_;
  std::vector<Item> items_;
  json::Array done_;
  FinishReason reason_ = FinishReason::stop;
  std::string out_;
};

}  // namespace

std::unique_ptr<ResponseWriter> encode_responses(const AnswerHead& head, const ResponsesCall& call) {
  return std::make_unique<ResponsesEncoder>(head, call);
}

std::string response_event(std::string_view type, std::uint64_t sequence_number, json::Object fields) {
  json::Object event{{"type", type}, {"sequence_number", sequence_number}};
  for (auto& field : fields) event[field.key()] = std::move(field.value());
  std::string out = "event: ";
  out += type;
  out += "\n" + sse(json::dump(event));
  return out;
}

std::string response_id(std::string_view request_id) { return answer_id("resp_", request_id); }

}  // namespace cofre::gateway::openai
