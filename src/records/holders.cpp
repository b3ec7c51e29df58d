#include "records/holders.h"

#include "base/error.h"
#include "crypto/sealed_text.h"

namespace cofre::records {
namespace {

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

crypto::Secret tenant_key(store::Database& database, std::uint64_t holder) {
  auto row = database.query("SELECT t.key FROM owners o JOIN tenants t ON t.id = o.tenant WHERE o.id = ?",
                            static_cast<std::int64_t>(holder));
  if (!row.next() || row.is_null(0)) fail(Code::not_found, "the tenant of this file was deleted, and its key with it");
  return crypto::Secret::from(row.blob(0));
}

}  // namespace

void check_not_erased(store::Database& database, std::uint64_t holder) {
  auto row =
      database.query("SELECT 1 FROM owners WHERE id = ? AND erased IS NOT NULL", static_cast<std::int64_t>(holder));
  if (row.next()) fail(Code::not_found, "whose this is was erased: it is not kept");
}

std::string seal_key(store::Database& database, std::uint64_t holder, std::span<const std::byte> key,
                     std::string_view file_id) {
  return crypto::seal_text(tenant_key(database, holder), text_of(key), file_id);
}

crypto::Secret open_key(store::Database& database, std::uint64_t holder, std::span<const std::byte> sealed,
                        std::string_view file_id) {
  auto bytes = crypto::unseal_text(tenant_key(database, holder), text_of(sealed), file_id);
  if (!bytes) fail(Code::invalid, "the key of {} in the database does not open", file_id);
  auto key = crypto::Secret::from(std::as_bytes(std::span(*bytes)));
  crypto::wipe(*bytes);
  return key;
}

}  // namespace cofre::records
