#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <chrono>

#include "app/box.h"
#include "app/command.h"
#include "app/running_box.h"
#include "base/error.h"
#include "os/signals.h"

namespace cofre::app {
namespace {

struct Given {
  std::string data, listen;
  std::vector<std::string> models, settings;
  bool verbose = false;
};

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds starting_step{20};
constexpr milliseconds tick_period{1000};

std::vector<config::Given> settings_of(const Given& given) {
  std::vector<config::Given> list;
  for (const auto& text : given.settings) {
    const auto equals = text.find('=');
    if (equals == text.npos) throw UsageError{fmt::format("--set takes KEY=VALUE, not \"{}\"", text)};
    list.push_back({text.substr(0, equals), text.substr(equals + 1), "--set"});
  }
  if (!given.listen.empty()) list.push_back({"server.listen", given.listen, "--listen"});
  for (const auto& model : given.models) list.push_back({"models.preload", model, "--model", true});
  return list;
}

void reload(RunningBox& box) {
  try {
    box.reload();
  } catch (const Error& error) {
    box.note("reload", {{"text", error.what()}});
    fmt::print(stderr, "cofre: the settings are left as they were: {}\n", error.what());
  }
}

/// Until somebody asks to stop.
void run(RunningBox& box, os::SignalQueue& signals) {
  bool is_ready = false;
  auto next_tick = Clock::now() + tick_period;
  while (true) {
    const auto left = std::chrono::ceil<milliseconds>(next_tick - Clock::now());
    const auto signal = signals.wait(std::clamp(left, milliseconds(0), is_ready ? tick_period : starting_step));
    if (signal == SIGHUP) {
      reload(box);
    } else if (signal) {
      return;
    }
    if (!is_ready && box.is_ready()) {
      is_ready = true;
      box.note("ready", {{"address", box.url()}});
      fmt::print(stderr, "ready {}\n", box.url());
    }
    if (Clock::now() < next_tick) continue;
    next_tick = Clock::now() + tick_period;
    box.tick();
  }
}

}  // namespace

Action declare_serve(Options& options) {
  auto given = std::make_shared<Given>();
  declare_data(options, given->data);
  options.text("--listen", given->listen, "ADDRESS:PORT; port 0 takes a free one");
  options.texts("--model", given->models, "load this model at start: a name or a GGUF file; may be repeated");
  options.texts("--set", given->settings, "KEY=VALUE: any setting of cofre.toml");
  options.flag("--verbose", given->verbose, "write the log to standard error too");
  return [given] {
    os::SignalQueue signals{SIGTERM, SIGINT, SIGHUP};  // before any thread
    RunningBox box(
        {.data = data_directory_of(given->data), .given = settings_of(*given), .log_to_standard_error = given->verbose},
        [] { os::SignalQueue::post(SIGTERM); });
    run(box, signals);
    box.drain();
  };
}

}  // namespace cofre::app
