#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "protocol/event.h"
#include "protocol/request.h"
#include "serving/text_model.h"

namespace cofre::serving {

/// What a model's maker advises for sampling; holds where a request says nothing.
struct Advice {
  std::optional<double> temperature, top_p, min_p, repetition_penalty;
  std::optional<std::int64_t> top_k;
};

/// Takes a request's events, in order, the last one Done or Failed. Called by threads of the service, one call at a
/// time for each request: it must be quick and must not throw.
using EventSink = std::function<void(protocol::Event)>;

class Job;

/// A request in work. Dropping it cancels: its KV pages are free within one step, and its sink is told nothing more
/// (a call that has begun on another thread ends on its own).
class Answer {
 public:
  explicit Answer(std::shared_ptr<Job> job) : job_(std::move(job)) {}
  Answer(Answer&&) noexcept = default;
  Answer& operator=(Answer&& other) noexcept;
  ~Answer();

 private:
  std::shared_ptr<Job> job_;
};

/// One text model that answers requests of many callers at once: conversations, texts to continue, tokenizations.
///
/// Prompts are made, and answers read (reasoning, tool calls, stop strings), on threads of its own: the engine's thread
/// only computes.
class TextService {
 public:
  struct Options {
    Advice advice;
    unsigned prompt_threads = 2;  ///< make prompts: templates, tokens, grammars
  };
  /// `model` must outlive it; answers may outlive it and are then told nothing more.
  TextService(TextModel& model, const Options& options);
  ~TextService();

  /// Any thread; returns at once. What is wrong with the request comes as Failed, with the field at fault.
  [[nodiscard]] Answer start(protocol::Request request, EventSink sink);

  const TextModel& model() const;
  /// Whether it answers conversations: it has a chat template.
  bool chats() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace cofre::serving
