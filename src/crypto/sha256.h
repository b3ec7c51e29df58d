#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace cofre::crypto {

/// SHA-256 (FIPS 180-4) of bytes that arrive in pieces; OpenSSL does the work.
class Sha256 {
 public:
  /// Throws Error(internal) where OpenSSL refuses the digest.
  Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  ~Sha256();

  void update(std::span<const std::byte> bytes);
  /// 64 lower-case hex digits of everything since construction or the last call; then begins anew.
  std::string hex();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

/// Of one text.
std::string sha256_hex(std::string_view text);

/// Whether a text is 64 lower-case hex digits.
bool is_sha256(std::string_view text) noexcept;

}  // namespace cofre::crypto
