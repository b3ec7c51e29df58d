#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// Signing in by a company's provider: OpenID Connect Core 1.0, authorization code flow with PKCE (RFC 7636).
namespace cofre::oidc {

inline constexpr std::size_t token_bytes_max = 64 << 10;
inline constexpr std::size_t keys_bytes_max = 256 << 10;

/// What a signed token holds.
struct Signed {
  std::string algorithm;  ///< that signed it: "RS256"
  std::string payload;
};

/// The public keys of a provider (JWK Set, RFC 7517 §5). Signatures are checked by libcjose, those of Ed25519 by
/// libsodium. Any thread may call anything.
class KeySet {
 public:
  /// Leaves out keys that sign nothing, or by no algorithm that is known here; RSA keys below 2048 bits. Throws
  /// Error(invalid, keys) where it is no set, or too large.
  static KeySet parse(std::string_view text);

  std::size_t size() const noexcept { return keys_.size(); }

  /// Opens a token (JWS in compact form, RFC 7515 §7.1) that one of these keys signed: the one that its header names,
  /// if it names one. RS, PS, ES with 256, 384 and 512, EdDSA; never `none`, never an HMAC, whose key would be public.
  /// Throws Error(invalid, token).
  Signed open(std::string_view token) const;

 private:
  struct Key;
  std::vector<std::shared_ptr<const Key>> keys_;
};

/// Whether `half` is base64url of the left half of the text's hash under the hash function of a signature algorithm:
/// at_hash (OpenID Connect Core §3.1.3.6).
bool is_half_hash(std::string_view half, std::string_view text, std::string_view algorithm);

}  // namespace cofre::oidc
