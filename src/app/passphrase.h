#pragma once

#include <string>

namespace cofre::app {

/// The passphrase of the master key, where it is kept by one: that of the file that COFRE_PASSPHRASE_FILE names
/// (/dev/fd/3: of a file descriptor), else of systemd's credential cofre-passphrase, else what is typed at the
/// terminal. Throws Error(not_found, passphrase) where there is none of them.
std::string master_passphrase();

/// What a file holds without the line end behind it, else what is typed at the terminal, unseen.
/// Throws Error(not_found) where there is neither, Error(invalid) where others may read the file.
std::string secret_of(const std::string& file, const std::string& prompt);

/// As secret_of(), but what is typed is typed twice. Throws Error(invalid, passphrase) where the two are not the same.
std::string new_passphrase(const std::string& file);

}  // namespace cofre::app
