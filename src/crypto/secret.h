#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace cofre::crypto {

inline constexpr std::size_t secret_bytes = 32;

/// 256 secret bits, wiped when they go. Copies are made on purpose only.
class Secret {
 public:
  /// From the system's random number generator (libsodium).
  static Secret random();
  /// Throws Error(invalid) unless these are 32 bytes.
  static Secret from(std::span<const std::byte> bytes);

  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  ~Secret();
  Secret copy() const;

  std::span<const std::byte> bytes() const noexcept { return bytes_; }
  /// 64 lower-case digits. The caller wipes them.
  std::string hex() const;

  /// A key of its own for one purpose: BLAKE2b-256 of the purpose's name, keyed with this one.
  Secret derive(std::string_view purpose) const;

 private:
  Secret() = default;
  std::array<std::byte, secret_bytes> bytes_{};
};

using Mac = std::array<std::byte, 32>;

/// HMAC-SHA-256 (RFC 2104, FIPS 198-1).
Mac hmac_sha256(const Secret& key, std::string_view text);

/// With a key of any length, as signatures that others define have it.
Mac hmac_sha256(std::string_view key, std::string_view text);

/// Whether two are the same, in a time that does not depend on where they differ.
bool equal(std::span<const std::byte> a, std::span<const std::byte> b) noexcept;

/// Random bytes as text: base64url without padding (RFC 4648 §5), 4 letters for 3 bytes.
std::string base64url(std::span<const std::byte> bytes);
/// And back; nothing where the text is not of this form.
std::optional<std::string> from_base64url(std::string_view text);

/// Lower-case hex digits.
std::string hex(std::span<const std::byte> bytes);

/// Overwrites a text, or bytes, in a way that the compiler does not leave out.
void wipe(std::string& text) noexcept;
void wipe(std::span<std::byte> bytes) noexcept;

}  // namespace cofre::crypto
