#pragma once

#include <filesystem>

#include "records/assistants.h"
#include "records/batches.h"
#include "records/chats.h"
#include "records/files.h"
#include "records/keeping.h"
#include "records/responses.h"
#include "records/sweeper.h"
#include "records/tables.h"

namespace cofre::records {

/// Everything that is kept for applications and people, over one database.
class Records {
 public:
  struct Options {
    std::filesystem::path data;     ///< the box's data directory: contents lie in DIR/files
    std::filesystem::path backups;  ///< of the database, before a change of its tables
    Keeping keeping{};
    Clock clock = system_seconds;
  };
  /// Brings the tables up to date; those of accounts are. `database` outlives it, and is used under `database_mutex`
  /// alone.
  Records(store::Database& database, std::mutex& database_mutex, const Options& options)
      : tables(database, database_mutex, options.backups),
        keeping_(options.keeping),
        files(tables, keeping_, {options.data / "files", options.clock}),
        batches(tables, files, options.clock),
        responses(tables, keeping_, options.clock),
        chats(tables, options.clock),
        assistants(tables, options.clock),
        sweeper(tables, files, keeping_, options.clock),
        backups(options.backups),
        now(options.clock) {}

  /// A piece of removing what is older than it is kept. To be called now and then, and again, soon, while there is
  /// more.
  Swept sweep() {
    responses.sweep_events();
    return sweeper.sweep();
  }

  Tables tables;

 private:
  const Keeping keeping_;

 public:
  Files files;
  Batches batches;
  Responses responses;
  Chats chats;
  Assistants assistants;
  Sweeper sweeper;
  const std::filesystem::path backups;
  const Clock now;
};

}  // namespace cofre::records
