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

bool is_password(const std::string& hash, std::string_view password) noexcept {
  return crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
}

}  // namespace cofre::crypto
