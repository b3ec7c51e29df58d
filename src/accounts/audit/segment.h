#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The files of the trail, DIR/audit/000000000001.jsonl, …: each named by the number of its first record, one record a
/// line.
///
///   {"n":58,"t":"2026-11-25T03:10:00.123Z","do":"key.create",…,"h":"9f2c…"}
///    │      │                              │                   └ SHA-256, in hex, of the h of record 57 (64 zeros
///    │      │                              │                     before record 1) and this line up to the comma
///    │      │                              └ what happened       before "h"
///    │      └ UTC
///    └ 1, 2, 3… without gaps over all files
///
/// The first record of a file has "do":"segment" and repeats the h of the record before it as "prev".
namespace cofre::accounts::audit {

inline constexpr std::uint64_t segment_bytes_most = 256 << 20;  ///< larger files are not read
inline constexpr std::string_view hash_of_nothing = "0000000000000000000000000000000000000000000000000000000000000000";

/// A place in the chain: a record's number and h.
struct Link {
  std::uint64_t n = 0;
  std::string hash{hash_of_nothing};
  bool operator==(const Link&) const = default;
};

/// The line of the record that follows `last`, newline included; `last` becomes that record. `body` is its members
/// from "t" on, without braces.
std::string next_line(Link& last, std::string_view body);

/// A line's parts, as views of it.
struct Line {
  std::uint64_t n = 0;
  std::string_view content;  ///< what h speaks of
  std::string_view time, action, hash;
};
/// Nothing where it has another shape. Whether it is true, follows() tells.
std::optional<Line> read_line(std::string_view line);

/// Whether this is the record after `last`, unchanged; then `last` becomes it.
bool follows(Link& last, const Line& line);

/// Of a "segment" record: the h of the record before it. Nothing where it is none.
std::optional<std::string> previous_hash(std::string_view line);

/// The lines of a segment one after the other.
class Lines {
 public:
  explicit Lines(std::string_view bytes, std::size_t at = 0)
      : bytes_(bytes), at_(at < bytes.size() ? at : bytes.size()) {}
  /// Without its newline; nothing behind the last whole line.
  std::optional<std::string_view> next();
  /// Where the next line begins; at the end, where what is torn begins.
  std::size_t at() const noexcept { return at_; }

 private:
  std::string_view bytes_;
  std::size_t at_;
};

struct Segment {
  std::uint64_t first = 0;
  std::filesystem::path path;
};
/// By their first record. None where there is no such folder.
std::vector<Segment> segments_in(const std::filesystem::path& folder);
std::filesystem::path segment_path(const std::filesystem::path& folder, std::uint64_t first);

}  // namespace cofre::accounts::audit
