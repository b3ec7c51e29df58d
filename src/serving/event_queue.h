#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>

#include "serving/text_service.h"

namespace cofre::serving {

/// Events of a request for a caller that waits for them.
class EventQueue {
 public:
  /// A sink that fills the queue; it may outlive it.
  EventSink sink() {
    return [inside = inside_](protocol::Event event) {
      const std::lock_guard lock(inside->mutex);
      inside->events.push_back(std::move(event));
      inside->filled.notify_one();
    };
  }

  /// The next event, waiting at most so long; nothing where none came.
  std::optional<protocol::Event> pop(std::chrono::milliseconds wait) {
    std::unique_lock lock(inside_->mutex);
    if (!inside_->filled.wait_for(lock, wait, [this] { return !inside_->events.empty(); })) return std::nullopt;
    auto event = std::move(inside_->events.front());
    inside_->events.pop_front();
    return event;
  }

 private:
  struct Inside {
    std::mutex mutex;
    std::condition_variable filled;
    std::deque<protocol::Event> events;
  };
  std::shared_ptr<Inside> inside_ = std::make_shared<Inside>();
};

}  // namespace cofre::serving
