#include "crypto/secret.h"

#include <sodium.h>

#include "base/error.h"

namespace cofre::crypto {
namespace {

/// Before the first use of libsodium.
void start() {
  static const bool works = sodium_init() >= 0;
  if (!works) fail(Code::internal, "libsodium does not start");
}

const unsigned char* raw(std::span<const std::byte> bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
template <class Bytes>
unsigned char* raw_out(Bytes& bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

}  // namespace

Secret Secret::random() {
  start();
  Secret secret;
  randombytes_buf(secret.bytes_.data(), secret.bytes_.size());
  return secret;
}

Secret Secret::from(std::span<const std::byte> bytes) {
  if (bytes.size() != secret_bytes) fail(Code::invalid, "a key has {} bytes, not {}", bytes.size(), secret_bytes);
  Secret secret;
  std::copy(bytes.begin(), bytes.end(), secret.bytes_.begin());
  return secret;
}

Secret::Secret(Secret&& other) noexcept : bytes_(other.bytes_) { sodium_memzero(other.bytes_.data(), secret_bytes); }
Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    bytes_ = other.bytes_;
    sodium_memzero(other.bytes_.data(), secret_bytes);
  }
  return *this;
}
Secret::~Secret() { sodium_memzero(bytes_.data(), secret_bytes); }

Secret Secret::copy() const { return from(bytes_); }
std::string Secret::hex() const { return crypto::hex(bytes_); }

Secret Secret::derive(std::string_view purpose) const {
  start();
  Secret derived;
  const auto* name = reinterpret_cast<const unsigned char*>(purpose.data());
  CHECK(crypto_generichash(raw_out(derived.bytes_), secret_bytes, name, purpose.size(), raw(bytes_), secret_bytes) ==
        0);
  return derived;
}

Mac hmac_sha256(const Secret& key, std::string_view text) {
  start();
  Mac mac;
  static_assert(sizeof(Mac) == crypto_auth_hmacsha256_BYTES && secret_bytes == crypto_auth_hmacsha256_KEYBYTES);
  const auto* data = reinterpret_cast<const unsigned char*>(text.data());
  CHECK(crypto_auth_hmacsha256(raw_out(mac), data, text.size(), raw(key.bytes())) == 0);
  return mac;
}

Mac hmac_sha256(std::string_view key, std::string_view text) {
  start();
  Mac mac;
  const auto bytes_of = [](std::string_view of) { return reinterpret_cast<const unsigned char*>(of.data()); };
  crypto_auth_hmacsha256_state state;
  CHECK(crypto_auth_hmacsha256_init(&state, bytes_of(key), key.size()) == 0);
  CHECK(crypto_auth_hmacsha256_update(&state, bytes_of(text), text.size()) == 0);
  CHECK(crypto_auth_hmacsha256_final(&state, raw_out(mac)) == 0);
  sodium_memzero(&state, sizeof state);
  return mac;
}

bool equal(std::span<const std::byte> a, std::span<const std::byte> b) noexcept {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string base64url(std::span<const std::byte> bytes) {
  constexpr int form = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
  std::string text(sodium_base64_encoded_len(bytes.size(), form), '\0');
  sodium_bin2base64(text.data(), text.size(), raw(bytes), bytes.size(), form);
  text.pop_back();  // the terminator
  return text;
}

std::optional<std::string> from_base64url(std::string_view text) {
  constexpr int form = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
  std::string bytes(text.size(), '\0');
  std::size_t size = 0;
  const char* end = nullptr;
  auto* out = reinterpret_cast<unsigned char*>(bytes.data());
  if (sodium_base642bin(out, bytes.size(), text.data(), text.size(), nullptr, &size, &end, form) != 0 ||
      end != text.data() + text.size()) {
    return std::nullopt;
  }
  bytes.resize(size);
  return bytes;
}

std::string hex(std::span<const std::byte> bytes) {
  std::string text(2 * bytes.size() + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), raw(bytes), bytes.size());
  text.pop_back();
  return text;
}

void wipe(std::string& text) noexcept {
  sodium_memzero(text.data(), text.size());
  text.clear();
}

void wipe(std::span<std::byte> bytes) noexcept { sodium_memzero(bytes.data(), bytes.size()); }

}  // namespace cofre::crypto
