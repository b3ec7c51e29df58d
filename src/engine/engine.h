#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "engine/scheduler.h"
#include "engine/sequence.h"
#include "model/decoder.h"
#include "os/team.h"

namespace cofre::engine {

/// What comes out of a generation: tokens, then one end.
struct Event {
  std::vector<Choice> tokens;       ///< chosen by one step, in order
  std::optional<Finish> finish;     ///< set on the last event
  std::string error;                ///< why, where finish is failed
  std::size_t cached = 0;           ///< prompt tokens that were not computed again
};

/// The channel between the engine's thread and one caller.
class Channel {
 public:
  void push(Event event);
  /// Waits for the next event, at most so long; nothing where none came.
  std::optional<Event> pop(std::chrono::milliseconds wait);
  bool closed() const { return closed_; }
  void close();

 private:
  mutable std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<Event> events_;
  std::atomic<bool> closed_{false};
};

/// The caller's handle. Dropping it cancels the generation within one step.
class Generation {
 public:
  explicit Generation(std::shared_ptr<Channel> channel) : channel_(std::move(channel)) {}
  Generation(Generation&&) = default;
  Generation& operator=(Generation&&) = default;
  ~Generation() {
    if (channel_) channel_->close();
  }
  /// Waits for the next event. After the one with `finish` there is no other.
  Event next();
  /// The same, but waits no longer than this; nothing where none came.
  std::optional<Event> next(std::chrono::milliseconds wait) { return channel_->pop(wait); }

 private:
  std::shared_ptr<Channel> channel_;
};

/// One model at work for many callers: a thread that drains submissions, plans, computes, chooses and tells.
class Engine {
 public:
  struct Options {
    Scheduler::Options scheduler;
    std::size_t kv_pages = 64;
    kernels::KvFormat kv_format = kernels::KvFormat::f16;
  };

  /// References must outlive the engine. The engine's thread takes part in the team's work.
  Engine(const model::ModelSpec& spec, const model::Weights& weights, const kernels::Kernels& kernels, os::Team& team,
         const Options& options);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Any thread. Throws Error(invalid, field) where the request cannot be served at all; a full queue ends the
  /// generation with an error event.
  Generation submit(Request request);

  std::size_t context() const { return options_.scheduler.context; }
  std::size_t kv_bytes() const { return options_.kv_pages * model::KvMemory::page_bytes(spec_, options_.kv_format); }

 private:
  struct Submission {
    Request request;
    std::shared_ptr<Channel> channel;
  };
  void serve();
  bool drain();
  void step();
  void choose(const Scheduler::Run& run, std::size_t first_logits);
  void end(std::uint64_t id, Finish finish, const std::string& error = {});

  const model::ModelSpec& spec_;
  Options options_;
  model::KvMemory kv_;
  model::Decoder decoder_;
  PagePool pool_;
  PrefixTree tree_;
  Scheduler scheduler_;
  std::map<std::uint64_t, std::shared_ptr<Channel>> channels_;
  std::uint64_t next_id_ = 1;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Submission> submissions_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace cofre::engine
