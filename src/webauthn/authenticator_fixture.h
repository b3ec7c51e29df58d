#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>

#include "crypto/secret.h"

/// For tests: an authenticator and its browser, with keys of OpenSSL.
namespace cofre::webauthn {

/// CBOR (RFC 8949 §3) written out.
namespace cbor {

inline std::string head(unsigned major, std::uint64_t count) {
  const char first = static_cast<char>(major << 5);
  if (count < 24) return {static_cast<char>(first | static_cast<char>(count))};
  if (count < 256) return {static_cast<char>(first | 24), static_cast<char>(count)};
  return {static_cast<char>(first | 25), static_cast<char>(count >> 8), static_cast<char>(count)};
}
inline std::string number(std::int64_t value) {
  return value >= 0 ? head(0, static_cast<std::uint64_t>(value)) : head(1, static_cast<std::uint64_t>(-1 - value));
}
inline std::string bytes(std::string_view text) { return head(2, text.size()) + std::string(text); }
inline std::string text(std::string_view text) { return head(3, text.size()) + std::string(text); }
inline std::string map(std::uint64_t pairs) { return head(5, pairs); }

}  // namespace cbor

struct Made {
  std::string client_data, attestation;
};
struct Signed {
  std::string client_data, authenticator_data, signature;
};

/// One passkey. What tests turn wrong are its members.
class Authenticator {
 public:
  explicit Authenticator(int kind = -7) : algorithm(kind) {
    key_.reset(kind == -7   ? EVP_EC_gen("P-256")
               : kind == -8 ? EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")
                            : EVP_RSA_gen(2048),
               EVP_PKEY_free);
    if (!key_) throw std::runtime_error("OpenSSL refuses");
    id.resize(32);
    RAND_bytes(reinterpret_cast<unsigned char*>(id.data()), 32);
  }

  std::string client_data(std::string_view ceremony, std::string_view challenge) const {
    return "{\"type\":\"" + std::string(type.empty() ? ceremony : type) + "\",\"challenge\":\"" +
           std::string(challenge) + "\",\"origin\":\"" + origin + "\"" + more + "}";
  }
  std::string authenticator_data(bool with_credential) const {
    std::string data = hash(rp_id);
    data += static_cast<char>(flags | (with_credential ? 0x40 : 0));
    for (int shift = 24; shift >= 0; shift -= 8) data += static_cast<char>(counter >> shift);
    if (!with_credential) return data + extensions;
    data += std::string(16, '\0') + static_cast<char>(id.size() >> 8) + static_cast<char>(id.size()) + id;
    return data + cose_key() + extensions;
  }
  Made make(std::string_view challenge) const {
    Made made{client_data("webauthn.create", challenge), {}};
    const auto data = authenticator_data(true);
    const auto statement = format == "packed" ? cbor::map(2) + cbor::text("alg") + cbor::number(algorithm) +
                                                    cbor::text("sig") + cbor::bytes(sign(data, made.client_data))
                                              : cbor::map(0);
    made.attestation = cbor::map(3) + cbor::text("fmt") + cbor::text(format) + cbor::text("attStmt") + statement +
                       cbor::text("authData") + cbor::bytes(data);
    return made;
  }
  Signed get(std::string_view challenge) const {
    Signed made{client_data("webauthn.get", challenge), authenticator_data(false), {}};
    made.signature = sign(made.authenticator_data, made.client_data);
    return made;
  }
  /// What EC keys are made of.
  std::string coordinate(const char* name) const { return number_of(name, 32); }

  const int algorithm;
  std::string rp_id = "box.example", origin = "https://box.example:8443";
  std::string id;
  unsigned flags = 0x01 | 0x04;  ///< somebody was there, and was verified
  std::uint32_t counter = 1;
  std::string format = "none", type, more, extensions;

 private:
  static std::string hash(std::string_view text) {
    std::string digest(32, '\0');
    SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(),
           reinterpret_cast<unsigned char*>(digest.data()));
    return digest;
  }
  std::string number_of(const char* name, int count) const {
    BIGNUM* number = nullptr;
    if (EVP_PKEY_get_bn_param(key_.get(), name, &number) != 1) throw std::runtime_error("OpenSSL refuses");
    std::string text(static_cast<std::size_t>(count), '\0');
    BN_bn2binpad(number, reinterpret_cast<unsigned char*>(text.data()), count);
    BN_free(number);
    return text;
  }
  /// RFC 9053 §7, RFC 8230 §4.
  std::string cose_key() const {
    using namespace cbor;
    if (algorithm == -8) {
      std::string raw(32, '\0');
      std::size_t count = raw.size();
      EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(raw.data()), &count);
      return map(4) + number(1) + number(1) + number(3) + number(-8) + number(-1) + number(6) + number(-2) + bytes(raw);
    }
    if (algorithm == -257) {
      return map(4) + number(1) + number(3) + number(3) + number(-257) + number(-1) +
             bytes(number_of(OSSL_PKEY_PARAM_RSA_N, 256)) + number(-2) + bytes(number_of(OSSL_PKEY_PARAM_RSA_E, 3));
    }
    return map(5) + number(1) + number(2) + number(3) + number(-7) + number(-1) + number(1) + number(-2) +
           bytes(coordinate(OSSL_PKEY_PARAM_EC_PUB_X)) + number(-3) + bytes(coordinate(OSSL_PKEY_PARAM_EC_PUB_Y));
  }
  /// WebAuthn Level 3 §6.3.3 step 11.
  std::string sign(const std::string& data, const std::string& client) const {
    const auto text = data + hash(client);
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    const auto* input = reinterpret_cast<const unsigned char*>(text.data());
    std::size_t count = 0;
    const bool begun = EVP_DigestSignInit(context.get(), nullptr, algorithm == -8 ? nullptr : EVP_sha256(), nullptr,
                                          key_.get()) == 1 &&
                       EVP_DigestSign(context.get(), nullptr, &count, input, text.size()) == 1;
    std::string signature(count, '\0');
    if (!begun || EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &count, input,
                                 text.size()) != 1)
      throw std::runtime_error("OpenSSL refuses");
    signature.resize(count);
    return signature;
  }

  std::shared_ptr<EVP_PKEY> key_;
};

}  // namespace cofre::webauthn
