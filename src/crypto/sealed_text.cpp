#include "crypto/sealed_text.h"

#include <sodium.h>

#include "base/error.h"

namespace cofre::crypto {
namespace {

constexpr std::size_t nonce_bytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t tag_bytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
static_assert(secret_bytes == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);

const unsigned char* raw(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* raw_out(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
const unsigned char* raw(const Secret& key) { return reinterpret_cast<const unsigned char*>(key.bytes().data()); }

}  // namespace

std::string seal_text(const Secret& key, std::string_view text, std::string_view context) {
  std::string box(nonce_bytes + text.size() + tag_bytes, '\0');
  randombytes_buf(box.data(), nonce_bytes);
  CHECK(crypto_aead_xchacha20poly1305_ietf_encrypt(raw_out(box) + nonce_bytes, nullptr, raw(text), text.size(),
                                                   raw(context), context.size(), nullptr, raw(box), raw(key)) == 0);
  return base64url(std::as_bytes(std::span(box)));
}

std::optional<std::string> unseal_text(const Secret& key, std::string_view sealed, std::string_view context) {
  const auto box = from_base64url(sealed);
  if (!box || box->size() < nonce_bytes + tag_bytes) return std::nullopt;
  const auto body = std::string_view(*box).substr(nonce_bytes);
  std::string text(body.size() - tag_bytes, '\0');
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(raw_out(text), nullptr, nullptr, raw(body), body.size(), raw(context),
                                                 context.size(), raw(*box), raw(key)) != 0) {
    return std::nullopt;
  }
  return text;
}

}  // namespace cofre::crypto
