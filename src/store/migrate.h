#pragma once

#include <filesystem>
#include <span>
#include <string_view>

#include "store/database.h"

namespace cofre::store {

/// A step of a folder's tables: src/FOLDER/migrations/NNNN_name.sql, built in by cofre_embed_migrations.
struct Migration {
  int number;             ///< 1, 2, 3… without gaps
  std::string_view name;  ///< "0001_keys"
  std::string_view sql;
};

/// Brings the tables of one folder up to the last of its migrations, each in a transaction of its own. A database that
/// has tables already is first copied to `backups`/before-NAME.db. Throws Error(unsupported) where it was written by a
/// newer program, Error(invalid) where a migration that it has had is no longer what it was.
void migrate(Database& database, std::string_view folder, std::span<const Migration> migrations,
             const std::filesystem::path& backups);

}  // namespace cofre::store
