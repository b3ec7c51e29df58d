#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cofre::crypto {

/// What guessing one password costs (RFC 9106): by default libsodium's "interactive", 64 MiB and two passes.
struct PasswordCost {
  std::uint64_t passes = 2;
  std::size_t memory_bytes = 64 << 20;
};

/// Argon2id with a random salt: "$argon2id$v=19$…". Takes tens of milliseconds. Throws Error(exhausted) without memory.
std::string hash_password(std::string_view password, const PasswordCost& cost = {});
/// Whether the hash is of this password.
bool is_password(const std::string& hash, std::string_view password) noexcept;

}  // namespace cofre::crypto
