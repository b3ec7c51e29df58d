#include "gateway/console/chat_writer.h"

#include <utility>

#include "gateway/dialects/openai/parts.h"

namespace cofre::gateway::console {

using namespace protocol;

std::string ChatWriter::take(std::size_t run, const Event& event) {
  if (const auto* text = std::get_if<Text>(&event)) {
    message_.text += text->text;
    note_piece();
  } else if (const auto* thought = std::get_if<Reasoning>(&event)) {
    message_.reasoning += thought->text;
    note_piece();
  } else if (const auto* call = std::get_if<ToolCall>(&event)) {
    note_call(*call);
    note_piece();
  } else if (const auto* started = std::get_if<Started>(&event)) {
    message_.usage.prompt_tokens = started->prompt_tokens;
    message_.usage.cached_tokens = started->cached_tokens;
  } else if (const auto* finished = std::get_if<Finished>(&event)) {
    reason_ = finished->reason;
    work_ = finished->work;
  }
  return response_->take(run, event);
}

std::string ChatWriter::finish(const Usage& usage) {
  const auto reason = reason_.value_or(FinishReason::stop);
  message_.status = reason == FinishReason::stop || reason == FinishReason::tool_calls ? "completed" : "incomplete";
  message_.finish_reason = openai::name_of(reason);
  message_.usage = usage;
  return response_->finish(usage);
}

std::string ChatWriter::fail(const Failure& failure) {
  message_.status = "failed";
  message_.error_code = failure.code.empty() ? failure.type : failure.code;
  message_.error_message = failure.message;
  message_.usage.completion_tokens = pieces_;
  return response_->fail(failure);
}

std::string ChatWriter::cancel() {
  message_.status = "cancelled";
  message_.usage.completion_tokens = pieces_;
  return response_->cancel();
}

records::ChatMessage ChatWriter::message() const {
  auto message = message_;
  // A call that was cut off says nothing.
  if (message.status == "completed") {
    for (const auto& [index, call] : calls_)
      message.tool_calls.emplace_back(
          json::Object{{"call_id", call.id}, {"name", call.name}, {"arguments", call.arguments}});
  }
  if (!first_) return message;
  message.first_token_ms = std::chrono::duration_cast<std::chrono::milliseconds>(*first_ - asked_).count();
  // From the first token to the last: one token less than there are.
  const bool is_known = work_ && work_->tokens > 1;
  const auto intervals = static_cast<double>(is_known ? work_->tokens - 1 : pieces_ - 1);
  const double seconds = is_known ? work_->decode_s : std::chrono::duration<double>(*last_ - *first_).count();
  if (intervals > 0 && seconds > 0) message.tokens_per_second = intervals / seconds;
  return message;
}

void ChatWriter::note_piece() {
  last_ = Clock::now();
  if (!first_) first_ = last_;
  ++pieces_;
}

/// The first piece of a call has its id and name.
void ChatWriter::note_call(const ToolCall& piece) {
  const auto [call, is_new] = calls_.try_emplace(piece.index);
  if (is_new) call->second = {piece.id, piece.name, {}};
  call->second.arguments += piece.arguments;
}

}  // namespace cofre::gateway::console
