#include "serving/choice_writer.h"

#include <algorithm>
#include <random>

namespace cofre::serving {
namespace {

using protocol::FinishReason;

std::string random_id(std::size_t length) {
  static constexpr std::string_view letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  thread_local std::mt19937_64 random{[] {
    std::random_device device;
    return (std::uint64_t{device()} << 32) | device();
  }()};
  std::string id;
  for (std::size_t i = 0; i < length; ++i) id += letters[random() % letters.size()];
  return id;
}

}  // namespace

ChoiceWriter::ChoiceWriter(const tokenizer::Tokenizer& tokenizer, const std::vector<engine::TokenId>& ends,
                           const std::vector<bool>& shown, std::unique_ptr<AnswerReader> reader, Options options)
    : tokenizer_(tokenizer),
      ends_(ends),
      shown_(shown),
      reader_(std::move(reader)),
      options_(std::move(options)),
      decoder_(tokenizer),
      stops_(options_.stop) {}

void ChoiceWriter::take(engine::Event event, std::vector<protocol::Event>& out) {
  if (finished_) return;
  for (const auto& score : event.prompt) prompt_scores_.push_back(probability(score));
  if (event.tokens.empty() && !event.finish) return;
  if (!begun_) begin(out);
  if (options_.score_only) {
    finish(FinishReason::length, out);
    return;
  }
  for (const auto& token : event.tokens) {
    take_token(token, out);
    if (finished_) return;
  }
  if (event.finish) end(*event.finish, out);
}

/// What stands before the answer.
void ChoiceWriter::begin(std::vector<protocol::Event>& out) {
  begun_ = true;
  if (options_.echo_first)
    prompt_scores_.insert(prompt_scores_.begin(), probability(*options_.echo_first, std::nullopt));
  if (options_.echo.empty() && !options_.echo_first) return;
  out.push_back(protocol::Text{options_.choice, std::move(options_.echo), std::move(prompt_scores_)});
}

void ChoiceWriter::take_token(const engine::Choice& token, std::vector<protocol::Event>& out) {
  ++tokens_;
  logprobs_ += token.logprob;
  const bool thought = reader_->thinking();
  if (!is_end(token.id)) {
    if (options_.logprobs) waiting_.push_back({length_, probability(token)});
    take_text(decoder_.push(token.id, shown_[static_cast<std::size_t>(token.id)]), out);
  }
  if (thought || reader_->thinking()) ++reasoning_tokens_;
}

void ChoiceWriter::take_text(const std::string& text, std::vector<protocol::Event>& out) {
  if (text.empty()) return;
  std::vector<Piece> pieces;
  reader_->push(text, length_, pieces);
  length_ += text.size();
  for (const auto& piece : pieces)
    if (!finished_) tell(piece, out);
}

void ChoiceWriter::tell(const Piece& piece, std::vector<protocol::Event>& out) {
  if (piece.kind == Piece::Kind::text) {
    tell_text(piece, out);
    return;
  }
  drop_scores(piece.end);
  if (piece.kind == Piece::Kind::reasoning)
    out.push_back(protocol::Reasoning{options_.choice, piece.text});
  else
    tell_call(piece, out);
}

void ChoiceWriter::tell_call(const Piece& piece, std::vector<protocol::Event>& out) {
  if (piece.kind == Piece::Kind::arguments) {
    out.push_back(protocol::ToolCall{options_.choice, calls_ - 1, {}, {}, piece.text});
    return;
  }
  if (options_.one_call && calls_ == 1) {
    finish(FinishReason::tool_calls, out);
    return;
  }
  std::string id = piece.id;
  if (id.empty()) id = options_.id_length == 0 ? random_id(9) : "call_" + random_id(options_.id_length);
  out.push_back(protocol::ToolCall{options_.choice, calls_++, std::move(id), piece.text, {}});
}

void ChoiceWriter::tell_text(const Piece& piece, std::vector<protocol::Event>& out) {
  while (!waiting_.empty() && waiting_.front().at < piece.end) {
    auto one = std::move(waiting_.front());
    waiting_.pop_front();
    if (one.at < piece.begin) continue;  // of a mark before it
    one.at = told_ + one.at - piece.begin;
    unshown_.push_back(std::move(one));
  }
  told_ += piece.text.size();
  show(stops_.push(piece.text), out);
  if (!stops_.met().empty()) finish(FinishReason::stop, out);
}

void ChoiceWriter::show(std::string text, std::vector<protocol::Event>& out) {
  if (text.empty()) return;
  showed_ += text.size();
  protocol::Text event{options_.choice, std::move(text)};
  while (!unshown_.empty() && unshown_.front().at < showed_) {
    event.logprobs.push_back(std::move(unshown_.front().probability));
    unshown_.pop_front();
  }
  out.push_back(std::move(event));
}

/// Tokens of what is no text have no place among the text's.
void ChoiceWriter::drop_scores(std::size_t end) {
  while (!waiting_.empty() && waiting_.front().at < end) waiting_.pop_front();
}

void ChoiceWriter::end(engine::Finish how, std::vector<protocol::Event>& out) {
  const bool cut = how == engine::Finish::length;
  take_text(decoder_.finish(), out);
  if (finished_) return;
  std::vector<Piece> pieces;
  reader_->finish(cut, pieces);
  for (const auto& piece : pieces)
    if (!finished_) tell(piece, out);
  if (finished_) return;
  show(stops_.finish(), out);
  finish(cut ? FinishReason::length : calls_ > 0 ? FinishReason::tool_calls : FinishReason::stop, out);
}

void ChoiceWriter::finish(FinishReason reason, std::vector<protocol::Event>& out) {
  finished_ = true;
  out.push_back(protocol::Finished{options_.choice, reason, stops_.met()});
}

bool ChoiceWriter::is_end(engine::TokenId id) const { return std::find(ends_.begin(), ends_.end(), id) != ends_.end(); }

protocol::TokenProbability ChoiceWriter::probability(engine::TokenId id, std::optional<double> logprob) const {
  protocol::TokenProbability out{.id = id, .bytes = {}, .logprob = logprob};
  tokenizer_.append_bytes(id, true, out.bytes);
  return out;
}

protocol::TokenProbability ChoiceWriter::probability(const engine::Choice& choice) const {
  auto out = probability(choice.id, choice.logprob);
  for (const auto& one : choice.top) out.top.push_back(probability(one.id, one.logprob));
  return out;
}

}  // namespace cofre::serving
