#pragma once

#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "crypto/certificates.h"

/// For tests: what a company's authority makes for clients, made with OpenSSL.
namespace cofre::crypto {

struct ClientWish {
  std::string name = "ana";           ///< the common name
  std::vector<std::string> emails{};  ///< alternative names
  std::chrono::sys_seconds now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  std::chrono::seconds valid = std::chrono::days(20 * 365);  ///< from an hour before now; below 0: over
  std::string purpose = "clientAuth";
};

namespace fixture {

template <class T>
T* must(T* made) {
  if (made == nullptr) throw std::runtime_error("OpenSSL refuses");
  return made;
}

template <class T, class Read>
std::shared_ptr<T> from_pem(const std::string& pem, Read read, void (*free)(T*)) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                      BIO_free);
  return {must(read(bio.get(), nullptr, nullptr, nullptr)), free};
}

template <class Write>
std::string to_pem(Write write) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), BIO_free);
  if (write(bio.get()) != 1) throw std::runtime_error("OpenSSL refuses");
  char* text = nullptr;
  const auto bytes = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(bytes)};
}

inline std::time_t time_of(std::chrono::sys_seconds when) { return std::chrono::system_clock::to_time_t(when); }

}  // namespace fixture

inline Identity make_client_certificate(const Identity& authority, const ClientWish& wish) {
  using namespace fixture;
  const auto issuer = from_pem<X509>(authority.certificate_pem, PEM_read_bio_X509, X509_free);
  const auto issuer_key = from_pem<EVP_PKEY>(authority.key_pem, PEM_read_bio_PrivateKey, EVP_PKEY_free);
  const std::shared_ptr<EVP_PKEY> key(must(EVP_EC_gen("P-256")), EVP_PKEY_free);
  const std::shared_ptr<X509> made(must(X509_new()), X509_free);
  static std::int64_t serial = 1000;
  X509_set_version(made.get(), X509_VERSION_3);
  ASN1_INTEGER_set_int64(X509_get_serialNumber(made.get()), ++serial);
  ASN1_TIME_set(X509_getm_notBefore(made.get()), time_of(wish.now - std::chrono::days(400)));
  ASN1_TIME_set(X509_getm_notAfter(made.get()), time_of(wish.now + wish.valid));
  X509_set_pubkey(made.get(), key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(wish.name.c_str()), -1, -1, 0);
  X509_set_issuer_name(made.get(), X509_get_subject_name(issuer.get()));
  const auto extend = [&](int kind, const std::string& value) {
    const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
        must(X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str())), X509_EXTENSION_free);
    X509_add_ext(made.get(), extension.get(), -1);
  };
  extend(NID_basic_constraints, "critical,CA:FALSE");
  extend(NID_ext_key_usage, wish.purpose);
  std::string emails;
  for (const auto& email : wish.emails) emails += (emails.empty() ? "email:" : ",email:") + email;
  if (!emails.empty()) extend(NID_subject_alt_name, emails);
  if (X509_sign(made.get(), issuer_key.get(), EVP_sha256()) <= 0) throw std::runtime_error("OpenSSL refuses");
  return {to_pem([&](BIO* bio) { return PEM_write_bio_X509(bio, made.get()); }), to_pem([&](BIO* bio) {
            return PEM_write_bio_PKCS8PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
          })};
}

/// A list of revoked certificates, good for a day.
inline std::string make_revocation_list(const Identity& authority, std::span<const std::string> revoked) {
  using namespace fixture;
  const auto issuer = from_pem<X509>(authority.certificate_pem, PEM_read_bio_X509, X509_free);
  const auto issuer_key = from_pem<EVP_PKEY>(authority.key_pem, PEM_read_bio_PrivateKey, EVP_PKEY_free);
  const auto now = ClientWish().now;
  const auto time = [](std::chrono::sys_seconds when) {
    return std::shared_ptr<ASN1_TIME>(must(ASN1_TIME_set(nullptr, time_of(when))), ASN1_TIME_free);
  };
  const std::shared_ptr<X509_CRL> list(must(X509_CRL_new()), X509_CRL_free);
  X509_CRL_set_version(list.get(), X509_CRL_VERSION_2);
  X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(issuer.get()));
  X509_CRL_set1_lastUpdate(list.get(), time(now - std::chrono::hours(1)).get());
  X509_CRL_set1_nextUpdate(list.get(), time(now + std::chrono::days(1)).get());
  for (const auto& pem : revoked) {
    const auto one = from_pem<X509>(pem, PEM_read_bio_X509, X509_free);
    X509_REVOKED* row = must(X509_REVOKED_new());
    X509_REVOKED_set_serialNumber(row, X509_get_serialNumber(one.get()));
    X509_REVOKED_set_revocationDate(row, time(now - std::chrono::minutes(1)).get());
    X509_CRL_add0_revoked(list.get(), row);
  }
  X509_CRL_sort(list.get());
  if (X509_CRL_sign(list.get(), issuer_key.get(), EVP_sha256()) <= 0) throw std::runtime_error("OpenSSL refuses");
  return to_pem([&](BIO* bio) { return PEM_write_bio_X509_CRL(bio, list.get()); });
}

}  // namespace cofre::crypto
