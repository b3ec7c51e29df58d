#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "os/spawn.h"
#include "protocol/frames.h"
#include "serving/service.h"

namespace cofre::app {

/// What leaves the worker: frames from any thread, in order, written by a thread of its own.
class Outgoing {
 public:
  explicit Outgoing(int socket) : socket_(socket), thread_([this] { write(); }) {}
  /// Waits until everything is written, unless the other side is gone.
  ~Outgoing();
  Outgoing(const Outgoing&) = delete;
  Outgoing& operator=(const Outgoing&) = delete;

  void push(const protocol::Frame& frame);
  /// Whether the other side is gone, or reads so little that there is no use in going on.
  bool broken() const { return broken_.load(); }

 private:
  void write();
  int socket_;
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::string> queue_;
  std::size_t bytes_ = 0;
  bool stopping_ = false;
  std::atomic<bool> broken_{false};
  std::thread thread_;
};

/// The request loop of a worker: frames in, events and a pulse out, many streams at once.
class WorkerService {
 public:
  WorkerService(int socket, Outgoing& outgoing, serving::ModelService& service)
      : socket_(socket), outgoing_(outgoing), service_(service) {}

  /// Answers the service's own probe, to show that it can. Throws Error(unavailable) where the model cannot.
  void prove();
  /// Serves until the other side closes the socket.
  void run();

 private:
  using Clock = std::chrono::steady_clock;
  bool read();
  void take(const json::Object& object);
  void submit(protocol::Submit submit);
  void end(std::uint64_t stream, protocol::Failed failed);
  void forget_ended();
  void pulse(Clock::time_point now);
  void probe();
  bool busy() const { return !answers_.empty(); }

  int socket_;
  Outgoing& outgoing_;
  serving::ModelService& service_;
  protocol::Decoder decoder_;
  std::map<std::uint64_t, serving::Answer> answers_;
  std::optional<serving::Answer> probe_;
  std::mutex mutex_;
  std::vector<std::uint64_t> ended_;  ///< streams whose last event went out
  std::atomic<std::uint64_t> cached_tokens_{0};
  std::uint64_t steps_seen_ = 0;  ///< tokens and prompt rows at the last look
  Clock::time_point progress_ = Clock::now(), pulse_{};
};

}  // namespace cofre::app
