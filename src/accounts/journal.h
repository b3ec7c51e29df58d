#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "accounts/spent.h"
#include "os/disk.h"

namespace cofre::accounts {

/// One entry: who used what on which of their tenant's days.
struct JournalEntry {
  std::int64_t number = 0;
  std::int32_t day = 0;
  User user;
  Spent spent;
};

/// A line of the journal: the cost behind a $, the other numbers in decimal, the model; spaces between.
std::string journal_line(const JournalEntry& entry);
/// Nothing where it is no such line.
std::optional<JournalEntry> read_journal_line(std::string_view line);

/// Entries that are not yet in the database: a file that is written with every entry and emptied when all of them are
/// in. Written means in the system's memory: it survives the process, not a loss of power. One thread at a time.
class Journal {
 public:
  explicit Journal(std::filesystem::path file);
  /// Calls `take` with each entry that a process left; what is torn at the end is left out.
  void read(const std::function<void(const JournalEntry&)>& take) const;
  /// Throws Error(exhausted | unavailable).
  void append(const JournalEntry& entry);
  void empty();

 private:
  std::filesystem::path path_;
  std::unique_ptr<os::AppendFile> file_;
};

}  // namespace cofre::accounts
