#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/password.h"
#include "crypto/secret.h"

/// The master key: 32 random bytes, from which every other key of a box is derived, in DIR/master.key, which its owner
/// alone may read. The file has one of three forms:
///
///   the 32 bytes
///   {"kept":"passphrase","passes":3,"memory_bytes":268435456,"salt":"…","sealed":"…"}     Argon2id, XChaCha20-Poly1305
///   {"kept":"tpm","tcti":"device:/dev/tpmrm0","pcrs":[7],"public":"…","private":"…"}      crypto::TpmSealed
///
/// Bytes in base64url. Another form takes the place of the one before in one step (rename), once it was written, read
/// again and opened: whenever the machine stops, one of the two is there, whole.
namespace cofre::store {

struct Keeping {
  enum class By : std::uint8_t { file, passphrase, tpm };
  By by = By::file;
  std::string tcti{};            ///< of a TPM: how it is reached
  std::vector<unsigned> pcrs{};  ///< of a TPM: what must be as it was
};
std::string_view name_of(Keeping::By by);

/// How the master key is kept. Throws Error(not_found) where there is none, Error(invalid) where others may read the
/// file or it has none of these forms.
Keeping keeping_of(const std::filesystem::path& data_directory);

/// Where the passphrase comes from; asked only where one is needed. Throws Error where there is none.
using AskPassphrase = std::function<std::string()>;

/// The master key, made at the first call. Throws as keeping_of(), Error(not_found) where there is a database but no
/// master key, Error(invalid, passphrase) where that is wrong, and what crypto::Tpm throws.
crypto::Secret master_key(const std::filesystem::path& data_directory, const AskPassphrase& passphrase = {});

// These change how it is kept: by who holds the box's lock. Where they throw it is kept as before.
void keep_in_file(const std::filesystem::path& data_directory, const crypto::Secret& key);
/// Throws Error(invalid, passphrase) below passphrase_letters_min.
void keep_by_passphrase(const std::filesystem::path& data_directory, const crypto::Secret& key,
                        std::string_view passphrase, const crypto::PasswordCost& cost = crypto::passphrase_cost);
inline constexpr std::size_t passphrase_letters_min = 12;
void keep_in_tpm(const std::filesystem::path& data_directory, const crypto::Secret& key, const std::string& tcti,
                 const std::vector<unsigned>& pcrs);

}  // namespace cofre::store
