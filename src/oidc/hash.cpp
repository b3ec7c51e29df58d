#include "oidc/hash.h"

#include <openssl/evp.h>

#include <array>

#include "base/error.h"
#include "crypto/secret.h"

namespace cofre::oidc {
namespace {

std::string text_of(const char* hash, std::string_view text, std::size_t parts) {
  std::array<std::byte, EVP_MAX_MD_SIZE> bytes{};
  std::size_t count = 0;
  if (EVP_Q_digest(nullptr, hash, nullptr, text.data(), text.size(), reinterpret_cast<unsigned char*>(bytes.data()),
                   &count) != 1) {
    fail(Code::internal, "OpenSSL refuses {}", hash);
  }
  return crypto::base64url(std::span(bytes).first(count / parts));
}

}  // namespace

std::string hash_text(const char* hash, std::string_view text) { return text_of(hash, text, 1); }

std::string half_hash_text(const char* hash, std::string_view text) { return text_of(hash, text, 2); }

}  // namespace cofre::oidc
