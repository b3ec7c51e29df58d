#include "app/model_options.h"

#include <fmt/format.h>

#include <cstdio>

#include "os/terminal.h"

namespace cofre::app {

WorkLine::WorkLine() : terminal_(os::is_terminal(os::Stream::error)) {}

void WorkLine::show(std::string_view what, double share) {
  const int percent = static_cast<int>(share * 100);
  if (!terminal_ || percent == last_) return;
  last_ = percent;
  fmt::print(stderr, "\r\033[K{} {} %", what, percent);
  std::fflush(stderr);
  shown_ = true;
}

void WorkLine::say(std::string_view what) {
  if (!terminal_) return;
  fmt::print(stderr, "\r\033[K{}", what);
  std::fflush(stderr);
  shown_ = true;
}

void WorkLine::clear() {
  if (shown_) fmt::print(stderr, "\r\033[K");
  std::fflush(stderr);
  shown_ = false;
  last_ = -1;
}

void ModelOptions::declare(Options& options) {
  options.text("MODEL", model, "a name of the catalogue, an alias, or a file");
  options.required();
  options.number("-t,--threads", threads, 0, 1024, "compute threads; 0: all this process may use");
}

fleet::Resolved ModelOptions::find() const { return fleet::resolve(fleet::Models::open(), model); }

std::unique_ptr<serving::Loaded> ModelOptions::load() const { return load(find()); }

std::unique_ptr<serving::Loaded> ModelOptions::load(const fleet::Resolved& resolved) const {
  WorkLine line;
  return std::make_unique<serving::Loaded>(
      resolved.file, serving::Loaded::Options{.threads = static_cast<unsigned>(threads),
                                              .progress = [&line](double share) { line.show("loading", share); }});
}

}  // namespace cofre::app
