#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "json/json.h"

namespace cofre::log {

enum class Level : std::uint8_t { debug, info, warning, error };

/// Throws Error(invalid) unless it is debug, info, warning or error.
Level level_named(std::string_view name);

struct Options {
  std::filesystem::path folder;  ///< made where it is missing
  Level level = Level::info;
  std::uint64_t file_bytes = 32 << 20;  ///< then the next file is begun
  unsigned files = 8;                   ///< kept
  bool on_standard_error = false;       ///< the same lines there too: systemd's journal
};

/// The box's log: a JSON object a line, in cofre.jsonl, cofre.1.jsonl (older), …
///
///   {"time":"2026-11-25T03:10:00.123Z","level":"info","event":"request","id":"req_…",…}
///
/// An event has a name of ours and typed fields: sizes, times, ids, names. Never a prompt, an answer, a key or a
/// header. Any thread may write; a disk that fails costs lines, never a request.
class Log {
 public:
  explicit Log(const Options& options);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  void write(Level level, std::string_view event, const json::Object& fields = {});
  void set_level(Level level);

  /// Removes files whose last line is older than so many days. Where the file that grows begins with a line of more
  /// than a day ago, another is begun first: no line is kept a day longer than this says. Returns how many were
  /// removed. `now_ms`: since 1970; 0: the wall clock's. One thread at a time. Throws Error(unavailable).
  std::size_t forget(std::int64_t days, std::int64_t now_ms = 0);

 private:
  struct Sinks;
  std::unique_ptr<Sinks> sinks_;
};

/// Calls `take` with every line of the log in `folder`, oldest first.
void read(const std::filesystem::path& folder, const std::function<void(std::string_view line)>& take);

/// The lines about one request: those whose "id" it is.
std::vector<std::string> find(const std::filesystem::path& folder, std::string_view id);

}  // namespace cofre::log
