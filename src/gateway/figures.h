#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>
#include <vector>

#include "gateway/flights.h"
#include "gateway/models.h"
#include "gateway/services.h"
#include "http/websocket.h"

namespace cofre::gateway {

/// What the models do now, as docs/api.md tells. Rates are counted from `before`, so many seconds ago; 0 seconds: there
/// are none yet.
json::Object figures_of(const std::vector<fleet::ModelState>& now, const std::vector<fleet::ModelState>& before,
                        double seconds, std::size_t requests_open);

/// The box's live figures, to whoever watches: a WebSocket each, with a JSON text about every second. Any thread.
class Figures {
 public:
  static constexpr std::size_t watchers_of_key = 16;  ///< or of a session

  /// Both outlive it.
  Figures(const Models& models, const Flights& flights) : models_(models), flights_(flights) {}

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
  std::mutex mutex_;  ///< of what follows
  std::vector<Watcher> watchers_;
  std::vector<fleet::ModelState> before_;
  Clock::time_point measured_{};
  std::string text_;  ///< the last figures
};

}  // namespace cofre::gateway
