#include "accounts/journal.h"

#include <array>
#include <charconv>
#include <span>

#include "base/error.h"

namespace cofre::accounts {
namespace {

constexpr std::size_t journal_bytes_max = 256 << 20;
constexpr std::size_t numbers = 11;

std::unique_ptr<os::AppendFile> open_private(const std::filesystem::path& path) {
  os::create_private(path);
  return std::make_unique<os::AppendFile>(path);
}

/// A number, none below 0, and the space behind it.
bool take_number(std::string_view& line, std::int64_t& into) {
  const char* end = line.data() + line.size();
  const auto [stop, error] = std::from_chars(line.data(), end, into);
  if (error != std::errc() || stop == end || *stop != ' ' || into < 0) return false;
  line.remove_prefix(static_cast<std::size_t>(stop + 1 - line.data()));
  return true;
}

}  // namespace

std::string journal_line(const JournalEntry& entry) {
  const auto& [requests, prompt, cached, completion, reasoning, cost] = entry.spent;
  const auto& user = entry.user;
  return fmt::format("${} {} {} {} {} {} {} {} {} {} {} {} {}\n", cost, entry.number, entry.day, user.tenant,
                     user.department, user.user, user.key, requests, prompt, cached, completion, reasoning, user.model);
}

std::optional<JournalEntry> read_journal_line(std::string_view line) {
  std::array<std::int64_t, numbers> values{};
  std::int64_t cost = 0;
  // A program that knew no costs wrote lines without one.
  const bool has_cost = line.starts_with('$');
  if (has_cost) line.remove_prefix(1);
  if (has_cost && !take_number(line, cost)) return std::nullopt;
  for (auto& value : values) {
    if (!take_number(line, value)) return std::nullopt;
  }
  if (line.empty() || values[1] > 99991231) return std::nullopt;
  JournalEntry entry;
  entry.number = values[0];
  entry.day = static_cast<std::int32_t>(values[1]);
  entry.user = {values[2], values[3], values[4], values[5], std::string(line)};
  const auto count = [&](std::size_t at) { return static_cast<std::uint64_t>(values[at]); };
  entry.spent = {count(6), count(7), count(8), count(9), count(10), static_cast<std::uint64_t>(cost)};
  return entry;
}

Journal::Journal(std::filesystem::path file) : path_(std::move(file)), file_(open_private(path_)) {}

void Journal::read(const std::function<void(const JournalEntry&)>& take) const {
  const std::string content = os::read_whole(path_, journal_bytes_max);
  std::string_view left = content;
  while (true) {
    const auto end = left.find('\n');
    if (end == left.npos) return;
    const auto entry = read_journal_line(left.substr(0, end));
    if (!entry) return;
    take(*entry);
    left.remove_prefix(end + 1);
  }
}

void Journal::append(const JournalEntry& entry) {
  const std::string line = journal_line(entry);
  const auto before = file_->bytes();
  try {
    file_->append(std::as_bytes(std::span(line)));
  } catch (const Error&) {
    file_->truncate(before);  // a torn line would end the journal for its reader
    throw;
  }
}

void Journal::empty() {
  if (file_->bytes() > 0) file_->truncate(0);
}

}  // namespace cofre::accounts
