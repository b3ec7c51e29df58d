#include "crypto/totp.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

#include "base/error.h"

namespace cofre::crypto {

std::string totp_code(std::span<const std::byte> secret, std::int64_t step) {
  std::array<unsigned char, 8> counter{};
  for (unsigned i = 0; i < 8; ++i) counter[i] = static_cast<unsigned char>(step >> (56 - 8 * i) & 0xff);
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned length = 0;
  const auto* made = HMAC(EVP_sha1(), secret.data(), static_cast<int>(secret.size()), counter.data(), counter.size(),
                          mac.data(), &length);
  CHECK(made != nullptr && length == 20);
  const unsigned at = mac[19] & 0xfU;  // RFC 4226 §5.3
  const std::uint32_t number = (mac[at] & 0x7fU) << 24 | std::uint32_t{mac[at + 1]} << 16 |
                               std::uint32_t{mac[at + 2]} << 8 | std::uint32_t{mac[at + 3]};
  return fmt::format("{:06}", number % 1'000'000);
}

std::string base32(std::span<const std::byte> bytes) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string text;
  std::uint32_t buffer = 0;
  unsigned bits = 0;
  for (const auto byte : bytes) {
    buffer = buffer << 8 | std::to_integer<std::uint32_t>(byte);
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += letters[buffer >> bits & 31U];
    }
  }
  if (bits > 0) text += letters[buffer << (5 - bits) & 31U];
  return text;
}

}  // namespace cofre::crypto
