#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "engine/engine.h"
#include "protocol/event.h"
#include "protocol/request.h"

namespace cofre::serving {

/// Takes a request's events, in order, the last one Done or Failed. Called by threads of the service, one call at a
/// time for each request: it must be quick and must not throw.
using EventSink = std::function<void(protocol::Event)>;

/// A request in work, as its service knows it.
class Running {
 public:
  virtual ~Running() = default;
  /// Any thread, waiting for none: nothing more is told, and what runs is let go.
  virtual void cancel() = 0;
};

/// A request in work. Dropping it cancels: what it holds of the model is free within one step, and its sink is told
/// nothing more (a call that has begun on another thread ends on its own).
class Answer {
 public:
  explicit Answer(std::shared_ptr<Running> running) : running_(std::move(running)) {}
  Answer(Answer&&) noexcept = default;
  Answer& operator=(Answer&& other) noexcept {
    if (running_) running_->cancel();
    running_ = std::move(other.running_);
    return *this;
  }
  ~Answer() {
    if (running_) running_->cancel();
  }

 private:
  std::shared_ptr<Running> running_;
};

/// One model that answers requests of many callers at once.
class ModelService {
 public:
  virtual ~ModelService() = default;
  /// Any thread; returns at once. What is wrong with the request comes as Failed, with the field at fault.
  [[nodiscard]] virtual Answer start(protocol::Request request, EventSink sink) = 0;
  /// The shortest thing that the model can do: what shows that it works.
  virtual protocol::Request probe() const = 0;
  /// Any thread.
  virtual engine::Engine::Load load() const = 0;
};

}  // namespace cofre::serving
