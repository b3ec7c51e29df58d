#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fleet/flow.h"
#include "fleet/strikes.h"
#include "fleet/worker.h"
#include "os/mapped_file.h"

namespace cofre::fleet {

using Clock = std::chrono::steady_clock;

/// A model in a file and the rules for its worker, as the configuration and the store have them.
struct LocalSettings {
  std::string name;
  std::vector<std::string> aliases;
  std::filesystem::path file;
  os::FileIdentity identity;  ///< as it was checked
  std::string sha256;         ///< as it was checked; empty where nobody ever did
  bool preloaded = false;
  std::int64_t keep_alive_s = 1800;  ///< −1: until its memory is needed
  WorkerSettings worker;             ///< kv_bytes 0: a share of the free memory
};

class LocalModel;

/// What a model finds around it in the fleet.
struct Surrounding {
  Loop& loop;
  os::Turns& turns;
  Strikes& strikes;
  std::string program;
  std::chrono::milliseconds start_timeout, silence;
  std::size_t queue;  ///< most that wait while it loads
  std::function<void(Notice::Level, const std::string& model, std::string text)> note;
  /// Bytes for keys and values, once other models that are idle have left; 0: not now. Throws Error(exhausted) where
  /// the model can never fit.
  std::function<std::uint64_t(LocalModel&)> claim;
  std::function<unsigned()> free_seat;     ///< in the table of turns
  std::function<void(LocalModel&)> ready;  ///< its file may be read in full now
  std::function<void()> changed;
};

/// A local model and the worker that serves it, if one does. Only from the fleet's thread.
///
///   idle ─ a request, or preload ─▶ loading ─ Ready ─▶ ready ─ idle too long, memory needed ─▶ idle
///            ▲ pause, doubled each time │                │
///         waiting ◀───── the worker died, froze or did not load in time
///   any ─ the file is not what was checked ─▶ quarantined
class LocalModel {
 public:
  /// Memory beside file, keys and values: rows in work, logits, threads, the program.
  static constexpr std::uint64_t scratch_bytes = 512u << 20;

  LocalModel(const Surrounding& around, LocalSettings settings) : around_(around), settings_(std::move(settings)) {}
  LocalModel(const LocalModel&) = delete;
  LocalModel& operator=(const LocalModel&) = delete;

  void submit(const FlowPtr& flow);
  void cancel(const FlowPtr& flow);
  /// Several times a second: watchdogs, pauses, keep-alive.
  void tick(Clock::time_point now);
  void load();
  /// Ends the worker; streams end with `message`.
  void stop(const std::string& message);
  /// Stops once nothing runs.
  void let_go() { leaving_ = true; }
  void quarantine(const std::string& reason);

  const LocalSettings& settings() const { return settings_; }
  /// Of a worker that runs, what it was started with changes when it has nothing to do.
  void reconfigure(LocalSettings settings);
  ModelState state(Clock::time_point now) const;
  ModelState::Kind kind() const { return kind_; }
  bool busy() const { return !active_.empty() || !waiting_.empty(); }
  Clock::time_point last_used() const { return last_used_; }
  std::uint64_t memory_bytes() const { return worker_ ? memory_bytes_ : 0; }
  int seat() const { return worker_ ? static_cast<int>(seat_) : -1; }

 private:
  void start(Clock::time_point now);
  void take(protocol::Frame frame);
  void take(protocol::Ready ready);
  void take(const protocol::StreamEvent& event);
  void take(const protocol::Status& status);
  void died(const std::string& how, bool crash);
  void drop_worker();
  void pass_on(const FlowPtr& flow);
  void fail_waiting(Code code, const std::string& message, double retry_after_s = 0);
  void pause(Clock::time_point now, const std::string& reason);
  void watch(Clock::time_point now);

  const Surrounding& around_;
  LocalSettings settings_;
  ModelState::Kind kind_ = ModelState::Kind::idle;
  std::string reason_;
  std::shared_ptr<Worker> worker_;
  std::uint32_t seat_ = 0;                   ///< of the worker in the table of turns
  std::deque<FlowPtr> waiting_;              ///< until it is ready
  std::map<std::uint64_t, FlowPtr> active_;  ///< by stream
  std::optional<protocol::Ready> facts_;
  std::optional<protocol::Status> status_;
  std::optional<protocol::Failed> fault_;  ///< what the worker said before it left
  std::uint64_t memory_bytes_ = 0, deaths_ = 0;
  unsigned failures_ = 0;  ///< since it last worked
  bool leaving_ = false;
  bool again_ = false;  ///< once it has left, it is loaded anew
  Clock::time_point last_used_{}, started_{}, retry_{}, heard_{}, progress_{}, waiting_since_{};
};

}  // namespace cofre::fleet
