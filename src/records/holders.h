#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "crypto/secret.h"
#include "records/tables.h"

/// What the tables of accounts say of who holds records. With the mutex of the tables held.
namespace cofre::records {

/// Throws Error(not_found) where the holder was erased: what ends only now is not kept any more.
void check_not_erased(store::Database& database, std::uint64_t holder);

/// The key of a file's content, sealed under the key of its holder's tenant, as it stands in the file's row. Throws
/// Error(not_found) where there is no such tenant any more.
std::string seal_key(store::Database& database, std::uint64_t holder, std::span<const std::byte> key,
                     std::string_view file_id);
/// And back. Throws Error(not_found) where the tenant was deleted: nobody reads its contents again.
crypto::Secret open_key(store::Database& database, std::uint64_t holder, std::span<const std::byte> sealed,
                        std::string_view file_id);

}  // namespace cofre::records
