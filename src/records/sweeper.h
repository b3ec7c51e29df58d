#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "records/files.h"
#include "records/keeping.h"
#include "records/tables.h"

namespace cofre::records {

/// What a piece of a sweep has done.
struct Swept {
  std::string_view kind;      ///< "files"
  std::uint64_t removed = 0;  ///< of that kind
  bool more = false;          ///< this round is not over
};

/// Removes what is older than it is kept, but for what a legal hold keeps, and what deleted tenants and erased people
/// have left: rounds over everything that may be due, in pieces, so that others get at the database between them. One
/// thread.
class Sweeper {
 public:
  static constexpr std::int64_t piece_rows = 200;

  /// They outlive it.
  Sweeper(Tables& tables, Files& files, const Keeping& keeping, Clock clock);

  /// The next piece of the round, or the first of a new one.
  Swept sweep();

  /// Removes everything of a holder, whatever its age and whoever reads it. Returns how much there was of a kind. Any
  /// thread.
  std::vector<std::pair<std::string_view, std::uint64_t>> remove_all(std::uint64_t holder);

 private:
  Tables& tables_;
  Files& files_;
  const Keeping& keeping_;
  Clock clock_;
  std::size_t at_ = 0;                          ///< which of the columns that say when something goes
  std::int64_t time_ = INT64_MIN, number_ = 0;  ///< of the last row that was looked at
  bool removed_ = false;                        ///< in this round
};

}  // namespace cofre::records
