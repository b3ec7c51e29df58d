#include "crypto/password.h"

#include <sodium.h>

#include <array>

#include "base/error.h"

namespace cofre::crypto {

std::string hash_password(std::string_view password, const PasswordCost& cost) {
  if (sodium_init() < 0) fail(Code::internal, "libsodium does not start");
  std::array<char, crypto_pwhash_STRBYTES> text{};
  if (crypto_pwhash_str_alg(text.data(), password.data(), password.size(), cost.passes, cost.memory_bytes,
                            crypto_pwhash_ALG_ARGON2ID13) != 0) {
    fail(Code::exhausted, "no memory to hash a password");
  }
  return text.data();
}

Secret key_of_passphrase(std::string_view passphrase, std::span<const std::byte> salt, const PasswordCost& cost) {
  static_assert(salt_bytes == crypto_pwhash_SALTBYTES);
  if (sodium_init() < 0) fail(Code::internal, "libsodium does not start");
  if (salt.size() != salt_bytes) fail(Code::invalid, "a salt has {} bytes, not {}", salt.size(), salt_bytes);
  if (cost.passes < crypto_pwhash_OPSLIMIT_MIN || cost.passes > crypto_pwhash_OPSLIMIT_MAX ||
      cost.memory_bytes < crypto_pwhash_MEMLIMIT_MIN || cost.memory_bytes > crypto_pwhash_MEMLIMIT_MAX) {
    fail(Code::invalid, "{} passes over {} bytes are no cost of Argon2id", cost.passes, cost.memory_bytes);
  }
  std::array<std::byte, secret_bytes> bytes{};
  const int result = crypto_pwhash(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), passphrase.data(),
                                   passphrase.size(), reinterpret_cast<const unsigned char*>(salt.data()), cost.passes,
                                   cost.memory_bytes, crypto_pwhash_ALG_ARGON2ID13);
  if (result != 0) fail(Code::exhausted, "no memory for a passphrase: it takes {} MiB", cost.memory_bytes >> 20);
  auto key = Secret::from(bytes);
  wipe(bytes);
  return key;
}

bool is_password(const std::string& hash, std::string_view password) noexcept {
  return crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
}

}  // namespace cofre::crypto
