#include "records/tables.h"

#include <chrono>
#include <span>

#include "crypto/secret.h"
#include "store/migrate.h"

namespace cofre::records {

std::span<const store::Migration> migrations();  // of src/records/migrations, built in

std::int64_t system_seconds() {
  using namespace std::chrono;
  return duration_cast<seconds>(system_clock::now().time_since_epoch()).count();
}

Tables::Tables(store::Database& of, std::mutex& held, const std::filesystem::path& backups)
    : database(of), mutex(held) {
  const std::lock_guard hold(mutex);
  store::migrate(database, "records", migrations(), backups);
}

std::string new_id(std::string_view prefix) {
  const auto random = crypto::Secret::random();
  return std::string(prefix) + crypto::hex(random.bytes().first(12));
}

}  // namespace cofre::records
