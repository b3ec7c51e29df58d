#pragma once

#include <filesystem>

#include "crypto/secret.h"
#include "store/database.h"

namespace cofre::store {

/// DIR/cofre.db under the key that the master key gives it. Throws Error(invalid) where the file belongs to another
/// master key.
Database open_box(const std::filesystem::path& data_directory, const crypto::Secret& master);

/// Whether there is a DIR/cofre.db.
bool has_database(const std::filesystem::path& data_directory);

/// DIR/backups, where copies of the database from before a migration lie.
std::filesystem::path backups_in(const std::filesystem::path& data_directory);

}  // namespace cofre::store
