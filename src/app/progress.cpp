#include "app/progress.h"

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

#include "json/json.h"
#include "os/interrupt.h"
#include "os/terminal.h"
#include "text/utf8.h"

namespace cofre::app {
namespace {

using namespace std::chrono_literals;
constexpr auto rate_window = 8s;
constexpr auto redraw_every = 100ms;
constexpr auto line_every = 2s;  ///< where nothing can be drawn over
constexpr auto told_every = 250ms;

double megabytes(std::uint64_t bytes) { return static_cast<double>(bytes) / 1e6; }

std::string duration(double seconds) {
  const auto whole = static_cast<std::uint64_t>(std::min(seconds, 360000.0) + 0.5);
  if (whole >= 3600) return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

}  // namespace

void Rate::add(std::uint64_t done, Clock::time_point now) {
  if (!points_.empty() && done < points_.back().second) points_.clear();  // begun anew
  points_.emplace_back(now, done);
  while (points_.size() > 2 && now - points_.front().first > rate_window) points_.pop_front();
}

std::optional<double> Rate::bytes_per_s() const {
  if (points_.size() < 2) return std::nullopt;
  const std::chrono::duration<double> time = points_.back().first - points_.front().first;
  if (time < 200ms) return std::nullopt;
  return static_cast<double>(points_.back().second - points_.front().second) / time.count();
}

std::string progress_line(std::uint64_t done, std::uint64_t total, std::optional<double> bytes_per_s,
                          unsigned columns) {
  const double share = total == 0 ? 1 : static_cast<double>(done) / static_cast<double>(total);
  std::string numbers = fmt::format("  {:.1f} / {:.1f} MB", megabytes(done), megabytes(total));
  if (bytes_per_s && *bytes_per_s > 0) {
    numbers += fmt::format("  {:.1f} MB/s  {} left", *bytes_per_s / 1e6,
                           duration(static_cast<double>(total - std::min(done, total)) / *bytes_per_s));
  }
  std::string line = fmt::format("{:3.0f} %", std::min(1.0, share) * 100 - (done < total && share > 0.995 ? 0.5 : 0));
  constexpr std::size_t bar = 24;
  if (line.size() + numbers.size() + bar + 4 <= columns) {
    const auto full = static_cast<std::size_t>(std::min(1.0, share) * bar);
    line += "  [" + std::string(full, '=') + std::string(bar - full, ' ') + "]";
  }
  line += numbers;
  if (line.size() > columns) line.resize(columns);
  return line;
}

ProgressPrinter::ProgressPrinter() : terminal_(os::is_terminal(os::Stream::error)) {}

ProgressPrinter::~ProgressPrinter() { clear_line(); }

void ProgressPrinter::clear_line() {
  if (shown_) fmt::print(stderr, "\r\033[K");
  shown_ = false;
}

void ProgressPrinter::say(std::string_view line) {
  clear_line();
  fmt::print(stderr, "{}\n", line);
  last_tenth_ = 0;
  last_ = {};
  rate_ = Rate();
}

void ProgressPrinter::advance(std::uint64_t done, std::uint64_t total) {
  const auto now = Rate::Clock::now();
  if (last_ == Rate::Clock::time_point{}) last_ = now;
  const bool whole = done == total && last_tenth_ > 0;  // work that took no time to speak of needs no line
  if (now - last_ < (terminal_ ? redraw_every : line_every) && !whole) return;
  last_ = now;
  rate_.add(done, now);
  if (terminal_) {
    // The last column stays free: some terminals begin a new line there.
    fmt::print(stderr, "\r\033[K{}",
               progress_line(done, total, rate_.bytes_per_s(), os::terminal_columns(os::Stream::error) - 1));
    std::fflush(stderr);
    shown_ = true;
    return;
  }
  const std::uint64_t tenth =
      total == 0 ? 10 : static_cast<std::uint64_t>(10.0 * static_cast<double>(done) / static_cast<double>(total));
  if (tenth <= last_tenth_) return;
  last_tenth_ = tenth;
  fmt::print(stderr, "{}\n", progress_line(done, total, rate_.bytes_per_s(), 60));
}

bool ProgressPrinter::stopped() { return os::InterruptGuard::requested(); }

void ProgressLines::say(std::string_view line) {
  fmt::print(stderr, "{}\n", json::dump(json::Object{{"say", text::replace_invalid_utf8(line)}}));
}

void ProgressLines::advance(std::uint64_t done, std::uint64_t total) {
  const auto now = Rate::Clock::now();
  if (now - last_ < told_every && done != total) return;
  last_ = now;
  fmt::print(stderr, "{}\n", json::dump(json::Object{{"done", done}, {"total", total}}));
}

bool ProgressLines::stopped() { return os::InterruptGuard::requested(); }

void print_as_json(const fleet::Pulled& pulled) {
  const auto& stored = pulled.stored;
  fmt::print("{}\n", json::dump(json::Object{{"name", stored.name},
                                             {"path", stored.file.string()},
                                             {"bytes", stored.identity.bytes},
                                             {"sha256", stored.sha256},
                                             {"was_there", pulled.was_there}}));
}

std::unique_ptr<fleet::Listener> make_progress(bool lines) {
  if (lines) return std::make_unique<ProgressLines>();
  return std::make_unique<ProgressPrinter>();
}

}  // namespace cofre::app
