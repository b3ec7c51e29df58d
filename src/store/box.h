#pragma once

#include <filesystem>

#include "crypto/secret.h"
#include "store/database.h"

namespace cofre::store {

/// The 32 random bytes of DIR/master.key, from which every other key of this box is derived. Made at the first call,
/// readable by its owner alone. Throws Error(invalid) where others may read it or it has another length.
crypto::Secret master_key(const std::filesystem::path& data_directory);

/// DIR/cofre.db under the key that the master key gives it. Throws Error(invalid) where the file belongs to another
/// master key, Error(not_found) where there is a database but no master key.
Database open_box(const std::filesystem::path& data_directory, const crypto::Secret& master);

/// DIR/backups, where copies of the database from before a migration lie.
std::filesystem::path backups_in(const std::filesystem::path& data_directory);

}  // namespace cofre::store
