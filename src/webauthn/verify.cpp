#include "webauthn/verify.h"

#include <algorithm>
#include <array>
#include <memory>

#include <fido.h>
#include <fido/eddsa.h>
#include <fido/es256.h>
#include <fido/rs256.h>
#include <openssl/sha.h>

#include "base/error.h"
#include "webauthn/cbor.h"

namespace cofre::webauthn {
namespace {

constexpr std::size_t object_bytes_max = 16 << 10;
constexpr std::size_t credential_id_bytes_max = 1023;  // §4, credential ID
constexpr std::size_t signature_bytes_max = 1024;

// Authenticator data (§6.1): SHA-256 of the RP id, 32 bytes; flags, 1; counter, 4, the highest byte first. Then, of a
// new passkey (§6.5.2): AAGUID, 16; length of the id, 2; the id; the public key as a COSE map. Then extensions, a map.
constexpr std::size_t flags_at = 32, header_bytes = 37, id_bytes_at = 53, id_at = 55;
constexpr unsigned user_present = 0x01, user_verified = 0x04, may_be_backed_up = 0x08, is_backed_up = 0x10,
                   has_credential = 0x40, has_extensions = 0x80;

[[noreturn]] void refuse(const char* why) { fail_field(Code::invalid, "credential", "credential: {}", why); }

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

std::string sha256(std::string_view text) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(bytes_of(text), text.size(), reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

/// §7.1 steps 7 to 12, §7.2 steps 10 to 14.
void check_client(const Expected& expected, const ClientData& client, std::string_view type) {
  if (client.type != type) refuse("it is of another ceremony");
  if (std::find(expected.origins.begin(), expected.origins.end(), client.origin) == expected.origins.end())
    refuse("it was made for a page of another origin");
  if (client.cross_origin) refuse("it was made within a page of another origin");
}

/// §7.1 steps 14 to 18, §7.2 steps 15 to 18. Returns the flags.
unsigned check_header(const Expected& expected, std::string_view data) {
  if (data.size() < header_bytes || data.size() > object_bytes_max) refuse("the authenticator's data are no such data");
  if (data.substr(0, flags_at) != sha256(expected.rp_id)) refuse("it belongs to another domain");
  const auto flags = static_cast<unsigned char>(data[flags_at]);
  if ((flags & user_present) == 0) refuse("nobody was there");
  if (expected.user_verified && (flags & user_verified) == 0) refuse("the authenticator did not verify its user");
  if ((flags & is_backed_up) != 0 && (flags & may_be_backed_up) == 0) refuse("it is backed up and must not be");
  return flags;
}

/// What libfido2 gives to libcbor is well-formed, and nothing follows it.
void check_maps(std::string_view data, bool key, bool extensions) {
  CborReader reader(data);
  if (key) reader.item();
  if (extensions) reader.item();
  if (!reader.at_end()) refuse("something follows the authenticator's data");
}

struct Attestation {
  std::string_view format, statement, data;
};

Attestation read_attestation(std::string_view object) {
  if (object.size() > object_bytes_max) refuse("the attestation is too long");
  CborReader reader(object);
  Attestation found;
  for (auto left = reader.map(); left > 0; --left) {
    const auto name = reader.text();
    auto& member = name == "fmt" ? found.format : name == "attStmt" ? found.statement : found.data;
    if (!member.empty() || (name != "fmt" && name != "attStmt" && name != "authData")) refuse("no such attestation");
    member = name == "fmt" ? reader.text() : name == "attStmt" ? reader.item() : reader.bytes();
  }
  if (!reader.at_end() || found.format.empty() || found.statement.empty() || found.data.empty())
    refuse("no such attestation");
  return found;
}

using Cred = std::unique_ptr<fido_cred_t, void (*)(fido_cred_t*)>;

/// Null: the key is of another algorithm.
Cred decode(std::string_view data, int algorithm) {
  Cred cred(fido_cred_new(), [](fido_cred_t* one) { fido_cred_free(&one); });
  CHECK(cred != nullptr);
  const bool is = fido_cred_set_type(cred.get(), algorithm) == FIDO_OK &&
                  fido_cred_set_authdata_raw(cred.get(), bytes_of(data), data.size()) == FIDO_OK;
  return is ? std::move(cred) : Cred(nullptr, [](fido_cred_t*) {});
}

/// §8.7; §8.2 without x5c.
void check_attestation(fido_cred_t* cred, const Expected& expected, const ClientData& client,
                       const Attestation& attestation) {
  if (attestation.format == "none") {
    if (CborReader(attestation.statement).map() != 0) refuse("an attestation of nothing says something");
    return;
  }
  if (attestation.format != "packed") refuse("an attestation of another kind than none was not asked for");
  const auto hash = sha256(client.json);
  const bool is_right =
      fido_cred_set_fmt(cred, "packed") == FIDO_OK &&
      fido_cred_set_clientdata_hash(cred, bytes_of(hash), hash.size()) == FIDO_OK &&
      fido_cred_set_rp(cred, expected.rp_id.c_str(), nullptr) == FIDO_OK &&
      fido_cred_set_attstmt(cred, bytes_of(attestation.statement), attestation.statement.size()) == FIDO_OK &&
      fido_cred_verify_self(cred) == FIDO_OK;
  if (!is_right) refuse("the attestation is not its own key's");
}

/// A public key as libfido2 reads it from our bytes.
struct Key {
  std::unique_ptr<es256_pk_t, void (*)(es256_pk_t*)> es256{es256_pk_new(),
                                                           [](es256_pk_t* one) { es256_pk_free(&one); }};
  std::unique_ptr<eddsa_pk_t, void (*)(eddsa_pk_t*)> eddsa{eddsa_pk_new(),
                                                           [](eddsa_pk_t* one) { eddsa_pk_free(&one); }};
  std::unique_ptr<rs256_pk_t, void (*)(rs256_pk_t*)> rs256{rs256_pk_new(),
                                                           [](rs256_pk_t* one) { rs256_pk_free(&one); }};

  /// Null: these are no key.
  const void* read(int algorithm, std::string_view bytes) {
    switch (algorithm) {
      case COSE_ES256:
        return es256_pk_from_ptr(es256.get(), bytes.data(), bytes.size()) == FIDO_OK ? es256.get() : nullptr;
      case COSE_EDDSA:
        return eddsa_pk_from_ptr(eddsa.get(), bytes.data(), bytes.size()) == FIDO_OK ? eddsa.get() : nullptr;
      case COSE_RS256:
        return rs256_pk_from_ptr(rs256.get(), bytes.data(), bytes.size()) == FIDO_OK ? rs256.get() : nullptr;
      default: return nullptr;
    }
  }
};

std::string copied(const unsigned char* bytes, std::size_t count) {
  return bytes == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(bytes), count);
}

}  // namespace

Credential verify_registration(const Expected& expected, const ClientData& client, std::string_view object) {
  check_client(expected, client, "webauthn.create");
  const auto attestation = read_attestation(object);
  const auto& data = attestation.data;
  const auto flags = check_header(expected, data);
  if ((flags & has_credential) == 0 || data.size() < id_at) refuse("there is no passkey in it");
  const auto id_bytes = static_cast<std::size_t>(static_cast<unsigned char>(data[id_bytes_at]) << 8 |
                                                 static_cast<unsigned char>(data[id_bytes_at + 1]));
  if (id_bytes == 0 || id_bytes > credential_id_bytes_max || data.size() < id_at + id_bytes)
    refuse("the passkey's id is no such id");
  check_maps(data.substr(id_at + id_bytes), true, (flags & has_extensions) != 0);
  for (const int algorithm : algorithms) {
    const auto cred = decode(data, algorithm);
    if (!cred) continue;
    check_attestation(cred.get(), expected, client, attestation);
    Credential made{.id = copied(fido_cred_id_ptr(cred.get()), fido_cred_id_len(cred.get())),
                    .algorithm = algorithm,
                    .public_key = copied(fido_cred_pubkey_ptr(cred.get()), fido_cred_pubkey_len(cred.get())),
                    .counter = fido_cred_sigcount(cred.get())};
    if (made.id != data.substr(id_at, id_bytes) || Key().read(algorithm, made.public_key) == nullptr)
      refuse("its public key is none");
    return made;
  }
  refuse("its public key is none of ES256, EdDSA and RS256");
}

Assertion verify_assertion(const Expected& expected, const Credential& known, const ClientData& client,
                           std::string_view data, std::string_view signature) {
  check_client(expected, client, "webauthn.get");
  const auto flags = check_header(expected, data);
  if ((flags & has_credential) != 0) refuse("there is a new passkey in it");
  check_maps(data.substr(header_bytes), false, (flags & has_extensions) != 0);
  if (signature.empty() || signature.size() > signature_bytes_max) refuse("the signature is none");
  const auto hash = sha256(client.json);
  const std::unique_ptr<fido_assert_t, void (*)(fido_assert_t*)> assertion(
      fido_assert_new(), [](fido_assert_t* one) { fido_assert_free(&one); });
  CHECK(assertion != nullptr);
  auto* one = assertion.get();
  const bool is_whole = fido_assert_set_count(one, 1) == FIDO_OK &&
                        fido_assert_set_clientdata_hash(one, bytes_of(hash), hash.size()) == FIDO_OK &&
                        fido_assert_set_rp(one, expected.rp_id.c_str()) == FIDO_OK &&
                        fido_assert_set_up(one, FIDO_OPT_TRUE) == FIDO_OK &&
                        fido_assert_set_authdata_raw(one, 0, bytes_of(data), data.size()) == FIDO_OK &&
                        fido_assert_set_sig(one, 0, bytes_of(signature), signature.size()) == FIDO_OK;
  Key key;
  const auto* public_key = key.read(known.algorithm, known.public_key);
  if (!is_whole || public_key == nullptr || fido_assert_verify(one, 0, known.algorithm, public_key) != FIDO_OK)
    refuse("the signature is not this passkey's");
  return {fido_assert_sigcount(one, 0), (flags & user_verified) != 0};
}

}  // namespace cofre::webauthn
