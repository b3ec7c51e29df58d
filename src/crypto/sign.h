#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "crypto/secret.h"

namespace cofre::crypto {

/// A key that signs (Ed25519, RFC 8032). Keys and signatures are written in base64url.
class SigningKey {
 public:
  /// The same seed gives the same key.
  explicit SigningKey(const Secret& seed);
  SigningKey(const SigningKey&) = delete;
  SigningKey& operator=(const SigningKey&) = delete;
  ~SigningKey();

  const std::string& public_key() const noexcept { return public_key_; }
  std::string sign(std::string_view text) const;

 private:
  std::array<unsigned char, 64> key_{};
  std::string public_key_;
};

/// Whether the holder of that key signed this text.
bool is_signature(std::string_view public_key, std::string_view text, std::string_view signature);

}  // namespace cofre::crypto
