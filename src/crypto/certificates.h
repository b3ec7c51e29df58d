#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/types.h>

namespace cofre::crypto {

/// A certificate (X.509 v3, RFC 5280) and its private key (PKCS #8), as PEM.
struct Identity {
  std::string certificate_pem, key_pem;
};

struct CertificateFacts {
  std::string subject, issuer;      ///< common names
  std::vector<std::string> names;   ///< subject alternative names, DNS and IP, sorted
  std::vector<std::string> emails;  ///< those that are addresses of mail (RFC 5280 §4.2.1.6), sorted
  std::chrono::sys_seconds not_before, not_after;
  bool authority = false;   ///< may sign certificates
  std::string fingerprint;  ///< SHA-256 of the DER, 64 lower-case hex digits
};

/// A certificate authority with a new key (EC P-256) that signs server certificates only and no further authorities.
Identity make_authority(const std::string& common_name, std::chrono::sys_seconds now, std::chrono::days valid);

/// A certificate for a TLS server with a new key (EC P-256), signed by the authority. Each name is a DNS name (also
/// "*.example.com") or an IP address; the first becomes the common name. Throws Error(invalid, "name") for anything
/// else and where there is none.
Identity make_server_certificate(const Identity& authority, std::span<const std::string> names,
                                 std::chrono::sys_seconds now, std::chrono::days valid);

/// A certificate request (PKCS #10) for these names with a new key; certificate_pem holds the request.
Identity make_certificate_request(std::span<const std::string> names);

/// The names that a request asks for, sorted. Throws Error(invalid) where it is none.
std::vector<std::string> requested_names(std::string_view request_pem);
/// The certificates of a text, each as PEM of its own. Throws Error(invalid) where there is none or one is broken.
std::vector<std::string> split_chain(std::string_view pem);

/// Of the first certificate in the text. Throws Error(invalid) where there is none.
CertificateFacts read_certificate(std::string_view pem);
CertificateFacts facts_of(const X509* certificate);
/// A list of what an authority revoked (CRL, RFC 5280 §5).
struct RevocationFacts {
  std::string issuer;                ///< common name
  std::chrono::sys_seconds renewed;  ///< when the next one is due: from then on it is worth nothing
};
/// Of every list in the text. Throws Error(invalid) where there is none or one is broken.
std::vector<RevocationFacts> read_revocation_lists(std::string_view pem);
/// Whether the authority's key signed the certificate.
bool is_signed_by(std::string_view certificate_pem, std::string_view authority_pem);
/// Whether the private key belongs to the certificate. Throws Error(invalid) where either cannot be read.
bool is_key_of(std::string_view certificate_pem, std::string_view key_pem);

/// Whether a text is an IPv4 or IPv6 address.
bool is_ip_address(const std::string& text);

}  // namespace cofre::crypto
