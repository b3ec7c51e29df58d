#include "accounts/audit/segment.h"

#include <algorithm>
#include <charconv>
#include <span>

#include <fmt/format.h>

#include "base/error.h"
#include "crypto/sha256.h"
#include "json/json.h"

namespace cofre::accounts::audit {
namespace {

constexpr std::string_view suffix = ".jsonl";
constexpr std::string_view number_begin = "{\"n\":", time_begin = ",\"t\":\"", action_begin = "\",\"do\":\"",
                           hash_begin = ",\"h\":\"", line_end = "\"}";
constexpr std::size_t time_letters = 24, hash_letters = 64;

std::string hash_after(std::string_view previous, std::string_view content) {
  crypto::Sha256 sum;
  sum.update(std::as_bytes(std::span(previous)));
  sum.update(std::as_bytes(std::span(content)));
  return sum.hex();
}

/// Takes `text` off the front.
bool take(std::string_view& from, std::string_view text) {
  if (!from.starts_with(text)) return false;
  from.remove_prefix(text.size());
  return true;
}

/// A number as we write it: no leading zero, no sign.
std::optional<std::uint64_t> take_number(std::string_view& from) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(from.data(), from.data() + from.size(), number);
  if (error != std::errc() || from.front() == '0') return std::nullopt;
  from.remove_prefix(static_cast<std::size_t>(end - from.data()));
  return number;
}

}  // namespace

std::string next_line(Link& last, std::string_view body) {
  std::string line = fmt::format("{}{},{}", number_begin, last.n + 1, body);
  ++last.n;
  last.hash = hash_after(last.hash, line);
  line += fmt::format("{}{}{}\n", hash_begin, last.hash, line_end);
  return line;
}

std::optional<Line> read_line(std::string_view line) {
  Line parts;
  std::string_view rest = line;
  if (rest.size() < hash_begin.size() + hash_letters + line_end.size() || !rest.ends_with(line_end))
    return std::nullopt;
  rest.remove_suffix(line_end.size());
  parts.hash = rest.substr(rest.size() - hash_letters);
  rest.remove_suffix(hash_letters);
  if (!crypto::is_sha256(parts.hash) || !rest.ends_with(hash_begin)) return std::nullopt;
  rest.remove_suffix(hash_begin.size());
  parts.content = rest;
  if (!take(rest, number_begin)) return std::nullopt;
  const auto n = take_number(rest);
  if (!n || !take(rest, time_begin) || rest.size() < time_letters) return std::nullopt;
  parts.n = *n;
  parts.time = rest.substr(0, time_letters);
  rest.remove_prefix(time_letters);
  if (!take(rest, action_begin)) return std::nullopt;
  parts.action = rest.substr(0, rest.find('"'));
  return parts;
}

bool follows(Link& last, const Line& line) {
  if (line.n != last.n + 1 || hash_after(last.hash, line.content) != line.hash) return false;
  last.n = line.n;
  last.hash = line.hash;
  return true;
}

std::optional<std::string> previous_hash(std::string_view line) {
  const auto parts = read_line(line);
  if (!parts || parts->action != "segment") return std::nullopt;
  try {
    const auto record = json::parse(line);
    const auto previous = json::string_at(record.as_object(), "prev");
    if (crypto::is_sha256(previous)) return std::string(previous);
  } catch (const std::exception&) {
    // Not even JSON.
  }
  return std::nullopt;
}

std::optional<std::string_view> Lines::next() {
  const auto end = bytes_.find('\n', at_);
  if (end == bytes_.npos) return std::nullopt;
  const auto line = bytes_.substr(at_, end - at_);
  at_ = end + 1;
  return line;
}

std::vector<Segment> segments_in(const std::filesystem::path& folder) {
  std::vector<Segment> found;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    std::string_view digits = name;
    if (!digits.ends_with(suffix)) continue;
    digits.remove_suffix(suffix.size());
    std::uint64_t first = 0;
    const auto [stop, wrong] = std::from_chars(digits.data(), digits.data() + digits.size(), first);
    const bool is_number = wrong == std::errc() && stop == digits.data() + digits.size();
    if (is_number && segment_path(folder, first) == entry->path()) found.push_back({first, entry->path()});
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    fail(Code::unavailable, "cannot read {}: {}", folder.string(), error.message());
  }
  std::sort(found.begin(), found.end(), [](const Segment& a, const Segment& b) { return a.first < b.first; });
  return found;
}

std::filesystem::path segment_path(const std::filesystem::path& folder, std::uint64_t first) {
  return folder / fmt::format("{:012}{}", first, suffix);
}

}  // namespace cofre::accounts::audit
