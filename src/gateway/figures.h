#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "gateway/flights.h"
#include "gateway/metrics.h"
#include "gateway/models.h"
#include "gateway/services.h"
#include "http/websocket.h"

namespace cofre::gateway {

/// What the box knows of its models at a moment.
struct Moment {
  std::vector<fleet::ModelState> models{};
  std::map<std::string, Metrics::FirstTokens> first_tokens{};
};
/// What the models do now, as docs/api.md tells. Rates and means are counted from `before`, so many seconds ago; 0
/// seconds: there are none yet.
json::Object figures_of(const Moment& now, const Moment& before, double seconds, std::size_t requests_open);

/// The box's live figures, to whoever watches: a WebSocket each, with a JSON text about every second. Any thread.
class Figures {
 public:
  static constexpr std::size_t watchers_of_key = 16;  ///< or of a session

  /// All outlive it.
  Figures(const Models& models, const Flights& flights, const Metrics& metrics)
      : models_(models), flights_(flights), metrics_(metrics) {}

  /// Throws Error(exhausted) where the key watches too often already, Failure where the call asks for no WebSocket.
  void watch(Call&& call);
  /// Sends the figures of now, and ends the sockets of those who may watch no longer. About once a second.
  void tick();

 private:
  using Clock = std::chrono::steady_clock;
  struct Watcher {
    accounts::Caller caller;
    std::shared_ptr<Trace> trace;  ///< recorded when the watching ends
    http::WebSocket socket;
  };
  void measure();

  const Models& models_;
  const Flights& flights_;
  const Metrics& metrics_;
  std::mutex mutex_;  ///< of what follows
  std::vector<Watcher> watchers_;
  Moment before_;
  Clock::time_point measured_{};
  std::string text_;  ///< the last figures
};

}  // namespace cofre::gateway
