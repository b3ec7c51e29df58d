#pragma once

#include <filesystem>

#include "records/assistants.h"
#include "records/batches.h"
#include "records/chats.h"
#include "records/files.h"
#include "records/responses.h"
#include "records/tables.h"

namespace cofre::records {

/// Everything that is kept for applications and people, over one database.
class Records {
 public:
  struct Options {
    std::filesystem::path data;     ///< the box's data directory: contents lie in DIR/files
    std::filesystem::path backups;  ///< of the database, before a change of its tables
    std::int64_t keep_s = 30 * 86400;
    Clock clock = system_seconds;
  };
  /// Brings the tables up to date. `database` outlives it, and is used under `database_mutex` alone.
  Records(store::Database& database, std::mutex& database_mutex, const Options& options)
      : tables_(database, database_mutex, options.backups),
        files(tables_, {options.data / "files", options.keep_s, options.clock}),
        batches(tables_, files, options.keep_s, options.clock),
        responses(tables_, options.keep_s, options.clock),
        chats(tables_, options.clock),
        assistants(tables_, options.clock),
        now(options.clock) {}

  /// Removes what is older than it is kept. To be called now and then; true: again, soon.
  bool sweep() {
    files.sweep();
    batches.sweep();
    return responses.sweep();
  }

 private:
  Tables tables_;

 public:
  Files files;
  Batches batches;
  Responses responses;
  Chats chats;
  Assistants assistants;
  const Clock now;
};

}  // namespace cofre::records
