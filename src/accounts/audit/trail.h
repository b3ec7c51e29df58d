#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "accounts/audit/checkpoint.h"
#include "accounts/audit/entry.h"
#include "accounts/audit/persons.h"
#include "accounts/audit/segment.h"
#include "accounts/audit/writer.h"
#include "base/error.h"
#include "store/database.h"

namespace cofre::accounts::audit {

/// What the database knows of the trail, and what proves it.
struct Ends {
  std::string box;         ///< which box's trail
  Link head;               ///< the last record that is on the disk
  Link base;               ///< the last one that retention removed; 0: none
  std::string public_key;  ///< of its checkpoints
};

/// The audit trail of a box: takes entries from any thread, and a thread of its own chains them, writes them to the
/// disk in groups and keeps their head in the database. Never call record_now(), perform() or flush() with the
/// database's mutex held: the trail needs it.
class Trail {
 public:
  struct Options {
    std::filesystem::path folder;             ///< made with the first record
    std::uint64_t segment_bytes = 16 << 20;   ///< then the next file is begun, as it is each day
    std::chrono::milliseconds gather{40};     ///< how long entries wait for others
    std::size_t queue_max = 50'000;           ///< entries that wait; what comes then is only counted
    std::uint64_t checkpoint_records = 4096;  ///< between two signed checkpoints
    std::int64_t keep_days = 190;             ///< older segments are removed by retire()
    std::function<std::int64_t()> clock_ms;   ///< milliseconds since 1970; empty: the wall clock
    OpenFile open_file;                       ///< empty: the disk
  };
  /// Brings its tables up to date, makes the end of the last segment whole. `database` outlives it.
  Trail(store::Database& database, std::mutex& database_mutex, const crypto::Secret& master,
        const std::filesystem::path& backups, Options options);
  /// Writes what waits, where the disk takes it.
  ~Trail();

  /// Returns at once; the record is on the disk within 100 ms, or as soon as the disk takes it again.
  void record(Entry entry);
  /// Returns the record's number when it is on the disk. Throws Error where it cannot be written; the entry is then
  /// dropped.
  std::uint64_t record_now(Entry entry);
  /// A management action: recorded as begun before it happens, and how it ended before this returns. Throws Error,
  /// without having acted, where that cannot be recorded; what `action` throws, else.
  template <class Action>
  auto perform(const Entry& entry, Action&& action) {
    const auto begun = begin(entry);
    std::optional<decltype(action())> result;
    try {
      result.emplace(action());
    } catch (const Error& error) {
      end(entry, begun, &error);
      throw;
    } catch (const std::exception& fault) {
      const Error error(Code::internal, fault.what());
      end(entry, begun, &error);
      throw;
    }
    end(entry, begun, nullptr);
    return std::move(*result);
  }

  /// False while so many entries wait that requests should be refused: the disk does not take them.
  bool accepts() const;
  struct Backlog {
    std::size_t records = 0;  ///< that wait to be written
    std::string trouble;      ///< why the last ones could not be; empty: they are on the disk
  };
  Backlog backlog() const;
  /// What it could not do since this was asked last, for the log; empty: nothing.
  std::string take_trouble();
  /// Everything recorded so far is on the disk when it returns. Throws Error where it cannot be written.
  void flush();
  Ends ends() const;
  /// Of the last record on the disk, which is made to exist.
  Checkpoint checkpoint();
  crypto::SigningKey& signing_key() const;
  Persons& persons() const;
  const std::filesystem::path& folder() const;
  std::int64_t now_ms() const;

  /// Removes segments whose last record is older than keep_days, unless there is a legal hold. Cheap where there is
  /// nothing to do. Returns how many it removed.
  std::size_t retire();

 private:
  std::uint64_t begin(Entry entry);
  /// Throws Error where the end of an action that happened cannot be recorded now.
  void end(Entry entry, std::uint64_t begun, const Error* error);
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cofre::accounts::audit
