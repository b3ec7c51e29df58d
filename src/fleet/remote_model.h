#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "fleet/flow.h"
#include "fleet/loop.h"
#include "fleet/openai.h"
#include "http/calls.h"

namespace cofre::fleet {

/// A model that other servers answer for: OpenAI-compatible ones, one or more that are alike. Only from the fleet's
/// thread.
///
/// A request goes to the replica with the fewest requests among those that last made a token when asked. Until its
/// first event came it may move on to another replica; afterwards it fails with the replica.
class RemoteModel {
 public:
  using Clock = std::chrono::steady_clock;
  struct Settings {
    config::Engine engine;
    std::vector<std::string> aliases;
    std::size_t queue = 256;  ///< most that wait where every replica has all it takes
    bool operator==(const Settings&) const = default;
  };

  /// Reads the key's file. Throws Error(unavailable) where it cannot.
  RemoteModel(Loop& loop, http::Calls& calls, Settings settings, std::function<void()> changed);

  void submit(const FlowPtr& flow);
  void cancel(const FlowPtr& flow);
  /// Asks replicas for a token when it is time.
  void tick(Clock::time_point now);
  void stop(const std::string& message);
  ModelState state(Clock::time_point now) const;
  const std::string& name() const { return settings_.engine.name; }
  const Settings& settings() const { return settings_; }
  bool busy() const { return !active_.empty() || !waiting_.empty(); }
  bool answers_to(std::string_view lower_case_name) const;

 private:
  struct Replica {
    std::string url;
    std::uint64_t streams = 0;
    bool good = true;    ///< until shown otherwise
    std::string reason;  ///< why it is not
    bool probing = false;
    Clock::time_point asked{};  ///< the last probe
    Clock::time_point token{};  ///< the last sign of life
  };
  /// A request and where it is.
  struct Travel {
    FlowPtr flow;
    OpenAiCall call;
    std::unique_ptr<OpenAiReader> reader;
    std::size_t replica = 0;
    std::vector<bool> tried;
    std::uint64_t number = 0;  ///< of the HTTP call
  };
  bool send(const std::shared_ptr<Travel>& travel);
  void bytes(const std::shared_ptr<Travel>& travel, std::uint64_t number, std::string_view data);
  void ended(const std::shared_ptr<Travel>& travel, std::uint64_t number, long status, const std::string& text);
  void tell(Travel& travel, std::vector<protocol::Event>& events);
  void leave(Travel& travel);
  void move_on(const std::shared_ptr<Travel>& travel, const std::string& reason);
  void serve_waiting();
  void probe(std::size_t index, Clock::time_point now);
  http::Calls::Call http_call(const Replica& replica, const OpenAiCall& call) const;

  Loop& loop_;
  http::Calls& calls_;
  Settings settings_;
  std::function<void()> changed_;
  std::string key_;
  std::vector<Replica> replicas_;
  std::map<std::uint64_t, std::shared_ptr<Travel>> active_;  ///< by stream
  std::deque<std::shared_ptr<Travel>> waiting_;
};

}  // namespace cofre::fleet
