#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "fleet/listener.h"
#include "fleet/pull.h"

namespace cofre::app {

/// Bytes a second over the last few seconds.
class Rate {
 public:
  using Clock = std::chrono::steady_clock;
  void add(std::uint64_t done, Clock::time_point now);
  /// Nothing before there is enough to tell.
  std::optional<double> bytes_per_s() const;

 private:
  std::deque<std::pair<Clock::time_point, std::uint64_t>> points_;
};

/// " 37 %  [=======>            ]  413.2 / 1117.3 MB  85.2 MB/s  0:08 left", at most `columns` wide.
std::string progress_line(std::uint64_t done, std::uint64_t total, std::optional<double> bytes_per_s, unsigned columns);

/// Shows work on standard error: a line that is written over on a terminal, a line for every tenth elsewhere.
/// Ctrl-C stops the work while an os::InterruptGuard lives.
class ProgressPrinter : public fleet::Listener {
 public:
  ProgressPrinter();
  ~ProgressPrinter() override;
  void say(std::string_view line) override;
  void advance(std::uint64_t done, std::uint64_t total) override;
  bool stopped() override;

 private:
  void clear_line();
  bool terminal_;
  bool shown_ = false;
  std::uint64_t last_tenth_ = 0;
  Rate::Clock::time_point last_{};
  Rate rate_;
};

/// Tells work to a program, on standard error, a JSON object a line: {"say": text}, {"done": bytes, "total": bytes}.
class ProgressLines : public fleet::Listener {
 public:
  void say(std::string_view line) override;
  void advance(std::uint64_t done, std::uint64_t total) override;
  bool stopped() override;

 private:
  Rate::Clock::time_point last_{};
};

/// What `--json` of pull and import prints.
void print_as_json(const fleet::Pulled& pulled);

/// `lines`: for a program.
std::unique_ptr<fleet::Listener> make_progress(bool lines);

}  // namespace cofre::app
