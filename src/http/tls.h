#pragma once

#include <memory>
#include <string>

#include <openssl/types.h>

#include "crypto/certificates.h"
#include "http/message.h"

namespace cofre::http {

/// Whose certificates clients may show. No client must show one.
struct ClientTrust {
  std::string authorities_pem;  ///< whose certificates are taken; empty: no client is asked for one
  /// Lists of revoked certificates (CRL, RFC 5280 §5), one of each authority that signs clients'; empty: none is looked
  /// at. A list whose time is over vouches for nobody.
  std::string revoked_pem;
  bool operator==(const ClientTrust&) const = default;
};

struct TlsSettings {
  std::string certificate_pem, key_pem;  ///< the chain and its key
  TlsVersion least = TlsVersion::v1_2;
  ClientTrust clients{};
  bool operator==(const TlsSettings&) const = default;
};

/// TLS 1.2 and 1.3, or 1.3 alone, OpenSSL's own ciphers, ALPN http/1.1. Throws Error(invalid, certificate) where the
/// certificate or its key cannot be used, Error(invalid, client_ca | client_crl) for the clients' authorities.
std::shared_ptr<SSL_CTX> make_tls(const TlsSettings& settings);

/// The certificate that a client showed in its handshake, or in the one that this session resumes (RFC 8446 §2.2);
/// OpenSSL found it good then. Null: it showed none.
std::shared_ptr<const crypto::CertificateFacts> shown_certificate(SSL* connection);
/// Whether these settings would take the certificate that a client showed before.
bool takes_certificate(SSL_CTX* settings, SSL* connection);

}  // namespace cofre::http
