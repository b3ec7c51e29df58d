#include "crypto/sign.h"

#include <sodium.h>

#include "base/error.h"

namespace cofre::crypto {
namespace {

static_assert(crypto_sign_SECRETKEYBYTES == 64 && crypto_sign_SEEDBYTES == secret_bytes);

const unsigned char* raw(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

}  // namespace

SigningKey::SigningKey(const Secret& seed) {
  std::array<unsigned char, crypto_sign_PUBLICKEYBYTES> open{};
  const auto* bytes = reinterpret_cast<const unsigned char*>(seed.bytes().data());
  CHECK(crypto_sign_seed_keypair(open.data(), key_.data(), bytes) == 0);
  public_key_ = base64url(std::as_bytes(std::span(open)));
}

SigningKey::~SigningKey() { sodium_memzero(key_.data(), key_.size()); }

std::string SigningKey::sign(std::string_view text) const {
  std::array<unsigned char, crypto_sign_BYTES> signature{};
  CHECK(crypto_sign_detached(signature.data(), nullptr, raw(text), text.size(), key_.data()) == 0);
  return base64url(std::as_bytes(std::span(signature)));
}

bool is_signature(std::string_view public_key, std::string_view text, std::string_view signature) {
  const auto key = from_base64url(public_key);
  const auto bytes = from_base64url(signature);
  return key && bytes && key->size() == crypto_sign_PUBLICKEYBYTES && bytes->size() == crypto_sign_BYTES &&
         crypto_sign_verify_detached(raw(*bytes), raw(text), text.size(), raw(*key)) == 0;
}

}  // namespace cofre::crypto
