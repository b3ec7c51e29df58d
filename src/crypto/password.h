#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "crypto/secret.h"

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

inline constexpr std::size_t salt_bytes = 16;
/// What a passphrase costs that guards a key: libsodium's "moderate", 256 MiB and three passes.
inline constexpr PasswordCost passphrase_cost{3, 256 << 20};

/// A key from a passphrase (Argon2id). Throws Error(invalid) where the salt has another length or the cost is none of
/// Argon2id, Error(exhausted) without memory.
Secret key_of_passphrase(std::string_view passphrase, std::span<const std::byte> salt,
                         const PasswordCost& cost = passphrase_cost);

}  // namespace cofre::crypto
