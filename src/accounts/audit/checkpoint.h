#pragma once

#include <string>

#include "accounts/audit/segment.h"
#include "crypto/sign.h"
#include "json/json.h"

namespace cofre::accounts::audit {

/// The box's signed word that its trail has this record: kept elsewhere, it proves that nothing before it was changed
/// or taken away since.
struct Checkpoint {
  std::string box;  ///< which box's trail
  Link link;
  std::string time;                   ///< RFC 3339
  std::string public_key, signature;  ///< Ed25519, base64url
  /// Whether the signature is that of public_key's holder. Whose key that is, the reader must know.
  bool is_signed() const;
};

Checkpoint sign(const crypto::SigningKey& key, std::string box, Link link, std::string time);

/// {"box","n","hash","time","key","signature"} and back. Throws Error(invalid, field).
json::Object to_json(const Checkpoint& checkpoint);
Checkpoint checkpoint_from_json(const json::Object& object);

}  // namespace cofre::accounts::audit
