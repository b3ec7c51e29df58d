#include "accounts/audit/checkpoint.h"

#include <fmt/format.h>

#include "base/error.h"
#include "crypto/sha256.h"

namespace cofre::accounts::audit {
namespace {

std::string signed_text(const Checkpoint& of) {
  return fmt::format("cofre audit checkpoint\n{}\n{}\n{}\n{}\n", of.box, of.link.n, of.link.hash, of.time);
}

}  // namespace

bool Checkpoint::is_signed() const { return crypto::is_signature(public_key, signed_text(*this), signature); }

Checkpoint sign(const crypto::SigningKey& key, std::string box, Link link, std::string time) {
  Checkpoint made{std::move(box), std::move(link), std::move(time), key.public_key(), {}};
  made.signature = key.sign(signed_text(made));
  return made;
}

json::Object to_json(const Checkpoint& checkpoint) {
  return {{"box", checkpoint.box},   {"n", checkpoint.link.n},       {"hash", checkpoint.link.hash},
          {"time", checkpoint.time}, {"key", checkpoint.public_key}, {"signature", checkpoint.signature}};
}

Checkpoint checkpoint_from_json(const json::Object& object) {
  Checkpoint read;
  read.box = json::string_at(object, "box");
  read.link.n = json::unsigned_at(object, "n", UINT64_MAX - 1);
  read.link.hash = json::string_at(object, "hash");
  read.time = json::string_at(object, "time");
  read.public_key = json::string_at(object, "key");
  read.signature = json::string_at(object, "signature");
  if (!crypto::is_sha256(read.link.hash)) fail_field(Code::invalid, "hash", "hash: must be 64 hex digits");
  return read;
}

}  // namespace cofre::accounts::audit
