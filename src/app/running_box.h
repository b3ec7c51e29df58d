#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "json/json.h"

namespace cofre::app {

/// Everything that serves, put together: the state of the box, its log, models, gateway, the listener on the network
/// and the one for commands. Constructed, it listens; destroyed, nothing of it is left.
class RunningBox {
 public:
  struct Options {
    std::filesystem::path data;
    std::vector<config::Given> given;  ///< of the command line
    bool log_to_standard_error = false;
  };
  /// `stop` is called, from any thread, when somebody asks the box to stop.
  /// Throws Error(unavailable) where a box runs there already or the address cannot be had, Error(invalid) for
  /// settings.
  RunningBox(Options options, std::function<void()> stop);
  ~RunningBox();

  /// "https://127.0.0.1:8443".
  const std::string& url() const;
  /// Whether each model of models.preload can make a token. Throws Error(unavailable) once one of them never will.
  bool is_ready() const;
  /// What passes by itself: keys end, the certificate is made anew. About once a second.
  void tick();
  /// Reads the settings again. What can change while it runs does; returns {"changed":[…],"after_restart":[…]}.
  json::Object reload();
  /// Takes no more connections and lets answers end; those that take longer than server.stop_timeout_s are told.
  void drain();

  void note(std::string_view event, const json::Object& fields = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cofre::app
