#include "accounts/accounts.h"

#include "store/migrate.h"

namespace cofre::accounts {

std::span<const store::Migration> migrations();  // of src/accounts/migrations, built in

namespace {

bool bring_up(store::Database& database, std::mutex& database_mutex, const std::filesystem::path& backups) {
  const std::lock_guard hold(database_mutex);
  store::migrate(database, "accounts", migrations(), backups);
  return true;
}

}  // namespace

Accounts::Accounts(store::Database& database, std::mutex& database_mutex, const crypto::Secret& master,
                   const std::filesystem::path& backups, Clock time)
    : migrated_(bring_up(database, database_mutex, backups)),
      clock(std::move(time)),
      directory(database, database_mutex, clock),
      keys(database, database_mutex, master, directory, clock),
      ledger(database, database_mutex, directory, clock),
      prices(database, database_mutex),
      quotas(database, database_mutex, ledger, prices, directory, clock),
      sessions(database, database_mutex, master, directory, policy, clock),
      passkeys(database, database_mutex, master, directory, policy, clock),
      sign_in(database, database_mutex, master, directory, passkeys, policy, clock) {
  directory.watch([this](const std::vector<std::int64_t>& owners) {
    keys.review(owners);
    sessions.review(owners);
  });
}

void Accounts::tick() {
  keys.expire();
  sessions.expire();
}

}  // namespace cofre::accounts
