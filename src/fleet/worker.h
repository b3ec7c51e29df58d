#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "fleet/catalogue.h"
#include "fleet/loop.h"
#include "os/turn.h"
#include "protocol/frames.h"

namespace cofre::fleet {

/// What a worker is told when it is started: one JSON text on its command line.
struct WorkerSettings {
  std::filesystem::path file;
  std::string name;                ///< of the model, as Ready tells it
  std::uint64_t context = 0;       ///< tokens; 0: what the model was trained for
  std::uint64_t kv_bytes = 0;      ///< at most
  std::uint64_t memory_bytes = 0;  ///< limit of the process; 0: none
  bool kv_q8 = false;
  std::uint32_t sequences = 32, queue = 256, step_ms = 100, threads = 0;
  std::uint32_t seat = 0;  ///< in the table of turns
  bool sandbox_required = false;
  Sampling advice;

  json::Object to_json() const;
  /// Throws Error(invalid, field).
  static WorkerSettings from_json(const json::Object& object);
};

/// Where a worker finds what it inherits.
inline constexpr int worker_socket = 3, worker_turns = 4;

/// One worker process and the socket to it. Only from the loop's thread. Destruction kills it.
class Worker {
 public:
  struct Calls {
    std::function<void(protocol::Frame)> frame;
    /// Comes once: the process ended, closed its socket or spoke nonsense. `crash`: by a fault, not by a signal from
    /// outside.
    std::function<void(const std::string& how, bool crash)> ended;
  };
  /// Throws Error where the process cannot be started.
  Worker(Loop& loop, const std::string& program, const WorkerSettings& settings, const os::Turns& turns, Calls calls);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void send(const protocol::Frame& frame) { link_.send(protocol::encode(frame)); }
  void send_encoded(std::string frame) { link_.send(std::move(frame)); }
  int process() const { return child_.pid(); }
  /// No call comes any more.
  void abandon() { over_ = true; }

 private:
  struct Started {
    os::Child child;
    os::Descriptor socket;
  };
  static Started start(const std::string& program, const WorkerSettings& settings, const os::Turns& turns);
  Worker(Loop& loop, Started started, Calls calls);
  void take(std::string_view bytes);
  void end(const std::string& how, bool crash);

  Calls calls_;
  os::Child child_;
  protocol::Decoder decoder_;
  Link link_;
  Watch watch_;
  bool over_ = false;
};

}  // namespace cofre::fleet
