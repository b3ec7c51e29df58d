#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "protocol/event.h"
#include "serving/answer_reader.h"
#include "serving/stop.h"
#include "tokenizer/tokenizer.h"

namespace cofre::serving {

/// Turns the tokens of one choice into events: text, thoughts, calls, and its end.
class ChoiceWriter {
 public:
  struct Options {
    std::uint32_t choice = 0;
    std::vector<std::string> stop;
    bool logprobs = false;
    bool one_call = false;       ///< the answer ends before a second call
    bool score_only = false;     ///< nothing is wanted but what stands before the answer
    std::size_t id_length = 24;  ///< of calls' ids, beside "call_"; 0: nine characters without it (Mistral)
    std::string echo;            ///< shown first
    std::optional<engine::TokenId> echo_first;  ///< the prompt's first token, where its scores are wanted
  };
  /// `hidden` and `shown` are [vocabulary]: tokens that end the answer, special tokens that are read as text. All
  /// references must outlive it.
  ChoiceWriter(const tokenizer::Tokenizer& tokenizer, const std::vector<engine::TokenId>& ends,
               const std::vector<bool>& shown, std::unique_ptr<AnswerReader> reader, Options options);

  /// What an event of the engine means to the caller; after finished() nothing. Not for failed ones.
  void take(engine::Event event, std::vector<protocol::Event>& out);
  /// The Finished event is out: a generation that still runs is not needed any more.
  bool finished() const { return finished_; }
  std::uint64_t tokens() const { return tokens_; }
  /// Log-probability of its tokens, in the mean.
  double likelihood() const { return tokens_ == 0 ? 0 : logprobs_ / static_cast<double>(tokens_); }
  std::uint64_t reasoning_tokens() const { return reasoning_tokens_; }

 private:
  struct Scored {
    std::size_t at;  ///< where its text begins: in the model's own text, or in the shown text
    protocol::TokenProbability probability;
  };
  void begin(std::vector<protocol::Event>& out);
  void take_token(const engine::Choice& token, std::vector<protocol::Event>& out);
  void take_text(const std::string& text, std::vector<protocol::Event>& out);
  void tell(const Piece& piece, std::vector<protocol::Event>& out);
  void tell_text(const Piece& piece, std::vector<protocol::Event>& out);
  void tell_call(const Piece& piece, std::vector<protocol::Event>& out);
  void show(std::string text, std::vector<protocol::Event>& out);
  void drop_scores(std::size_t end);
  void end(engine::Finish finish, std::vector<protocol::Event>& out);
  void finish(protocol::FinishReason reason, std::vector<protocol::Event>& out);
  bool is_end(engine::TokenId id) const;
  protocol::TokenProbability probability(engine::TokenId id, std::optional<double> logprob) const;
  protocol::TokenProbability probability(const engine::Choice& choice) const;

  const tokenizer::Tokenizer& tokenizer_;
  const std::vector<engine::TokenId>& ends_;
  const std::vector<bool>& shown_;
  std::unique_ptr<AnswerReader> reader_;
  Options options_;
  tokenizer::StreamDecoder decoder_;
  StopStrings stops_;
  bool begun_ = false, finished_ = false;
  std::size_t length_ = 0;             ///< bytes of the model's own text so far
  std::size_t told_ = 0, showed_ = 0;  ///< bytes of its text part: known, shown
  std::deque<Scored> waiting_;         ///< tokens that no piece has covered yet
  std::deque<Scored> unshown_;         ///< tokens of text that is held back
  std::vector<protocol::TokenProbability> prompt_scores_;
  std::uint32_t calls_ = 0;
  std::uint64_t tokens_ = 0, reasoning_tokens_ = 0;
  double logprobs_ = 0;  ///< of its tokens, together
};

}  // namespace cofre::serving
