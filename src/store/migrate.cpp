#include "store/migrate.h"

#include "base/error.h"
#include "crypto/sha256.h"

namespace cofre::store {
namespace {

/// The number of the last migration of this folder that the database has had.
int check_past(Database& database, std::string_view folder, std::span<const Migration> migrations) {
  int last = 0;
  for (auto row =
           database.query("SELECT number, name, sha256 FROM migrations WHERE folder = ? ORDER BY number", folder);
       row.next();) {
    const auto number = row.integer(0);
    if (number > static_cast<std::int64_t>(migrations.size())) {
      fail(Code::unsupported, "{} was written by a newer Cofre (its tables of {} have step {}, this program knows {})",
           database.file().string(), folder, number, migrations.size());
    }
    last = static_cast<int>(number);
    const auto& known = migrations[static_cast<std::size_t>(last - 1)];
    if (crypto::sha256_hex(known.sql) != row.text(2)) {
      fail(Code::invalid, "{}: step {} of {} is not the one of this program", database.file().string(), row.text(1),
           folder);
    }
  }
  return last;
}

bool has_rows(Database& database, std::string_view sql) { return database.query(sql).next(); }

}  // namespace

void migrate(Database& database, std::string_view folder, std::span<const Migration> migrations,
             const std::filesystem::path& backups) {
  database.script(
      "CREATE TABLE IF NOT EXISTS migrations (folder TEXT NOT NULL, number INTEGER NOT NULL, name TEXT NOT NULL, "
      "sha256 TEXT NOT NULL, applied INTEGER NOT NULL DEFAULT (unixepoch()), PRIMARY KEY (folder, number)) STRICT");
  const int last = check_past(database, folder, migrations);
  for (const Migration& migration : migrations.subspan(static_cast<std::size_t>(last))) {
    CHECK(&migration - migrations.data() + 1 == migration.number);
    if (has_rows(database, "SELECT 1 FROM migrations LIMIT 1")) {
      std::filesystem::create_directories(backups);
      database.back_up(backups / fmt::format("before-{}-{}.db", folder, migration.name));
    }
    Transaction transaction(database);
    database.script(std::string(migration.sql));
    database.run("INSERT INTO migrations (folder, number, name, sha256) VALUES (?, ?, ?, ?)", folder, migration.number,
                 migration.name, crypto::sha256_hex(migration.sql));
    transaction.commit();
  }
}

}  // namespace cofre::store
