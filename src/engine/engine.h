#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/error.h"
#include "engine/crew.h"
#include "engine/scheduler.h"
#include "engine/sequence.h"
#include "model/decoder.h"
#include "os/team.h"

namespace cofre::engine {

/// How long a generation waited, its prompt was read, its tokens were written, in seconds.
struct Times {
  double queue_s = 0, prefill_s = 0, decode_s = 0;
};

/// What comes out of a generation: tokens, then one end.
struct Event {
  std::vector<Choice> tokens{};    ///< chosen by one step, in order
  std::optional<Finish> finish{};  ///< set on the last event
  std::string error{};             ///< why, where finish is failed
  Code code = Code::internal;      ///< of what kind the error is
  std::vector<float> embedding{};  ///< [width], on the last event, where asked for
  std::vector<Choice> prompt{};    ///< scores of prompt tokens, in order, from the second one on, where asked for
  std::size_t cached = 0;          ///< prompt tokens that were not computed again
  Times times{};                   ///< of its generation so far, where there are tokens
};

/// Takes a generation's events. Called by the engine's thread: it must be quick and must not throw.
using Sink = std::function<void(Event)>;

/// The channel between the engine's thread and one caller: events go to its sink, or wait in it to be popped.
class Channel {
 public:
  explicit Channel(Sink sink = {}) : sink_(std::move(sink)) {}
  void push(Event event);
  /// Waits for the next event, at most so long; nothing where none came.
  std::optional<Event> pop(std::chrono::milliseconds wait);
  bool closed() const { return closed_; }
  void close();

 private:
  mutable std::mutex mutex_;
  std::condition_variable ready_;
  Sink sink_;
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

  /// Any thread; never waits for a step. With a sink, the events go there and the handle only holds the generation
  /// alive. Throws Error(invalid, field) where the request cannot be served at all, Error(exhausted) where the queue is
  /// full.
  Generation submit(Request request, Sink sink = {});

  std::size_t context() const { return options_.scheduler.context; }
  /// Generations that run and that wait. Any thread.
  struct Load {
    std::size_t running = 0, waiting = 0;
    std::size_t pages = 0, free_pages = 0;  ///< of the KV pool; what only stored prefixes hold counts as in use
    std::uint64_t tokens = 0;               ///< chosen since the start
    std::uint64_t choices = 0;        ///< steps of single generations that chose them: fewer where guesses came true
    std::uint64_t prompt_tokens = 0;  ///< rows of prompts computed since the start
    std::uint64_t preemptions = 0;
    std::uint64_t steps = 0, rows = 0;           ///< rows: of all steps together
    std::uint64_t drafts = 0, draft_tokens = 0;  ///< guesses of coming tokens; those accepted: tokens − choices
    std::array<std::uint64_t, 16> step_rows{};   ///< steps of at most 2^i rows, but more than 2^(i−1)
    double wait_s = 0;                           ///< how long one that comes now is likely to wait for its turn
  };
  Load load() const;
  std::size_t kv_bytes() const { return options_.kv_pages * model::KvMemory::page_bytes(spec_, options_.kv_format); }

 private:
  using Clock = std::chrono::steady_clock;
  struct Submission {
    Request request;
    std::shared_ptr<Channel> channel;
    Clock::time_point arrived = Clock::now();
  };
  void serve();
  bool drain();
  void step();
  void pool(std::size_t run, Sequence& sequence, std::size_t first, std::size_t count);
  void end_embedding(Sequence& sequence);
  std::vector<Choice> score_prompt(const Scheduler::Run& run, std::size_t first_logits);
  void choose(const Scheduler::Run& run, std::size_t first_logits, Event event);
  static Times times_of(Sequence& sequence);
  Choice choose_one(Sequence& sequence, std::span<float> logits);
  void note_load();
  void note_step(std::size_t rows);
  void note_finish();
  void end(std::uint64_t id, Finish finish, const std::string& error, Code code);

  const model::ModelSpec& spec_;
  os::Team& team_;
  Crew crew_{team_.all()};
  Options options_;
  model::KvMemory kv_;
  model::Decoder decoder_;
  PagePool pool_;
  PrefixTree tree_;
  Scheduler scheduler_;
  std::map<std::uint64_t, std::shared_ptr<Channel>> channels_;
  std::uint64_t next_id_ = 1;
  std::vector<std::uint64_t> allowed_;  ///< the mask of the token at hand
  Load counted_;                        ///< what is counted since the start; the rest is looked up when it is told
  double finish_gap_s_ = 0;             ///< running mean of the time between two ends while others wait
  std::chrono::steady_clock::time_point last_finish_{};

  mutable std::mutex mutex_;
  Load load_;
  std::condition_variable wake_;
  std::deque<Submission> submissions_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace cofre::engine
