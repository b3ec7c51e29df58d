#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "serving/choice_writer.h"
#include "serving/guides.h"
#include "serving/idiom.h"
#include "serving/prompt.h"
#include "serving/tasks.h"
#include "serving/text_service.h"
#include "serving/tool_calls/tools.h"

namespace cofre::serving {

/// What all requests of a service share.
struct Shared {
  Shared(TextModel& text_model, const Advice& makers_advice)
      : model(text_model), idiom(text_model), guides(text_model, idiom), advice(makers_advice) {}
  TextModel& model;
  const Idiom idiom;
  Guides guides;
  const Advice advice;
  const std::shared_ptr<Tasks> writer = std::make_shared<Tasks>(1);  ///< reads answers, tells callers
  std::atomic<std::uint64_t> next_group{1};
};

/// One request on its way from prompt to Done.
class Job : public Running, public std::enable_shared_from_this<Job> {
 public:
  Job(Shared& shared, protocol::Request request, EventSink sink);

  /// Makes the prompt and hands it to the engine. Once, on any thread of the service.
  void prepare();
  void cancel() override;

 private:
  void dispatch();
  void start_text();
  void choose_tools();
  void refuse_ends(engine::SamplingParams& sampling) const;
  void start_choices(Prompt prompt, const engine::SamplingParams& sampling);
  engine::Request engine_request(const Prompt& prompt, engine::SamplingParams sampling) const;
  void check_fields() const;
  std::unique_ptr<AnswerReader> reader(bool thinking) const;
  ChoiceWriter::Options writer_options(std::uint32_t choice, const Prompt& prompt) const;
  // job_embedding.cpp
  void start_embedding(const protocol::Embedding& task);
  void submit_input();
  void take_embedding(std::size_t input, engine::Event event);
  void tokenize(const protocol::Tokenize& task);
  void detokenize(const protocol::Detokenize& task);

  void expect_generations(std::size_t count);
  void hold(std::size_t index, engine::Generation generation);
  void let_go(std::size_t index);
  void let_all_go();
  /// Posts a generation's events to the writer's thread, which hands them to `take_it`.
  engine::Sink sink_to(std::size_t index, void (Job::*take_it)(std::size_t, engine::Event));
  void take_answer(std::size_t choice, engine::Event event);
  void tell(protocol::Event event);
  void fail_with(const Error& error);
  void tell_best();
  void done();
  std::uint32_t written() const { return std::max(request_.choices, request_.best_of); }
  const protocol::Chat* chat() const { return std::get_if<protocol::Chat>(&request_.task); }
  const protocol::Completion* completion() const { return std::get_if<protocol::Completion>(&request_.task); }

  Shared& shared_;
  const std::shared_ptr<Tasks> writer_;
  const protocol::Request request_;
  const EventSink sink_;
  tool_calls::Tools tools_;
  std::vector<engine::TokenId> ends_;
  std::shared_ptr<const grammar::Masks> masks_;  ///< what binds the answer, if anything does
  std::atomic<bool> cancelled_{false};
  std::mutex generations_mutex_;  ///< of the next one alone: a caller that leaves does not wait until events are read
  std::vector<std::optional<engine::Generation>> generations_;

  std::mutex mutex_;  ///< of what follows
  bool closed_ = false, started_ = false;
  std::vector<std::unique_ptr<ChoiceWriter>> choices_;
  std::vector<engine::Times> times_;                ///< of each choice, as far as it is
  std::vector<std::vector<protocol::Event>> held_;  ///< of each choice, where the best are told at the end
  std::size_t unfinished_ = 0;
  std::vector<std::vector<engine::TokenId>> inputs_;  ///< of an Embedding
  std::vector<std::vector<float>> vectors_;           ///< theirs, in their order
  std::size_t next_input_ = 0;
  std::uint64_t prompt_tokens_ = 0, cached_tokens_ = 0;
};

}  // namespace cofre::serving
