#include <algorithm>

#include "accounts/keys.h"
#include "base/error.h"
#include "crypto/certificates.h"

namespace cofre::accounts {
namespace {

/// No text of a key begins so.
std::string presented(const crypto::CertificateFacts& certificate) { return "certificate " + certificate.fingerprint; }

}  // namespace

bool Keys::knows(const crypto::CertificateFacts& certificate) const {
  const auto mac = crypto::hmac_sha256(mac_key_, presented(certificate));
  const std::shared_lock hold(mutex_);
  return entries_.contains(mac);
}

Key Keys::create(const KeyWish& wish, const crypto::CertificateFacts& certificate) {
  constexpr const char* field = "certificate";
  if (certificate.authority) fail_field(Code::invalid, field, "certificate: it is an authority's, not a client's");
  const std::int64_t ends = certificate.not_after.time_since_epoch().count();
  if (ends <= clock_()) fail_field(Code::invalid, field, "certificate: its time is over");
  auto key = wished(wish);
  key.expires = std::min(wish.expires.value_or(ends), ends);
  key.certificate = certificate.fingerprint;
  key.subject = certificate.subject.substr(0, 256);
  key.prefix = "sha256:" + certificate.fingerprint.substr(0, 8);
  const std::lock_guard hold(database_mutex_);
  if (knows(certificate)) {
    fail_field(Code::invalid, field, "certificate: it is registered, or was and has been revoked");
  }
  check_is_free(key);
  return insert(std::move(key), crypto::hmac_sha256(mac_key_, presented(certificate)));
}

std::optional<Caller> Keys::authenticate(const crypto::CertificateFacts& certificate, std::string_view peer) const {
  return authenticate(crypto::hmac_sha256(mac_key_, presented(certificate)), peer);
}

}  // namespace cofre::accounts
