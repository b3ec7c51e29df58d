#include "oidc/keys.h"

#include <cjose/cjose.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/error.h"
#include "crypto/secret.h"
#include "crypto/sign.h"
#include "json/json.h"
#include "oidc/hash.h"

namespace cofre::oidc {
namespace {

constexpr std::size_t keys_max = 100;
constexpr std::size_t key_id_bytes_max = 512;
constexpr std::size_t json_depth = 16;
constexpr std::size_t rsa_bits_least = 2048;
constexpr std::size_t modulus_letters_max = 2731;  // 16384 bits, the most that OpenSSL takes
constexpr std::size_t exponent_letters_max = 11;   // 64 bits
constexpr std::size_t point_letters_max = 88;      // 66 bytes: a coordinate of P-521
constexpr std::size_t ed25519_letters = 43;        // 32 bytes

enum class Kind : std::uint8_t { rsa, ec, ed25519 };

/// How a token may be signed (RFC 7518 §3.1, RFC 8037 §3.1).
struct Algorithm {
  std::string_view name;
  Kind kind;
  cjose_jwk_ec_curve curve;
  const char* hash;
};

constexpr std::array<Algorithm, 11> algorithms{{
    {"RS256", Kind::rsa, CJOSE_JWK_EC_INVALID, "SHA256"},
    {"RS384", Kind::rsa, CJOSE_JWK_EC_INVALID, "SHA384"},
    {"RS512", Kind::rsa, CJOSE_JWK_EC_INVALID, "SHA512"},
    {"PS256", Kind::rsa, CJOSE_JWK_EC_INVALID, "SHA256"},
    {"PS384", Kind::rsa, CJOSE_JWK_EC_INVALID, "SHA384"},
    {"PS512", Kind::rsa, CJOSE_JWK_EC_INVALID, "SHA512"},
    {"ES256", Kind::ec, CJOSE_JWK_EC_P_256, "SHA256"},
    {"ES384", Kind::ec, CJOSE_JWK_EC_P_384, "SHA384"},
    {"ES512", Kind::ec, CJOSE_JWK_EC_P_521, "SHA512"},
    {"EdDSA", Kind::ed25519, CJOSE_JWK_EC_INVALID, "SHA512"},
    {"Ed25519", Kind::ed25519, CJOSE_JWK_EC_INVALID, "SHA512"},
}};

const Algorithm* algorithm_named(std::string_view name) {
  const auto found = std::find_if(algorithms.begin(), algorithms.end(), [&](auto& one) { return one.name == name; });
  return found == algorithms.end() ? nullptr : &*found;
}

[[noreturn]] void refuse(std::string_view why) { fail_field(Code::invalid, "token", "token: {}", why); }

/// A member that is a text of at most that many bytes; empty where it is absent or anything else.
std::string text_of(const json::Object& object, std::string_view name, std::size_t most) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_string() || value->get_string().size() > most) return {};
  return std::string(value->get_string());
}

/// Likewise of base64url. libcjose ends the process at some texts that are not, "A=AB" one of them: it gets none.
std::string base64url_of(const json::Object& object, std::string_view name, std::size_t most) {
  auto text = text_of(object, name, most);
  return crypto::from_base64url(text) ? text : std::string();
}

struct ReleaseKey {
  void operator()(cjose_jwk_t* key) const { cjose_jwk_release(key); }
};
struct ReleaseToken {
  void operator()(cjose_jws_t* token) const { cjose_jws_release(token); }
};
using NativeKey = std::unique_ptr<cjose_jwk_t, ReleaseKey>;

/// Only what makes the public key of it comes to the library.
NativeKey import(const json::Object& members) {
  const auto text = json::dump(members);
  return NativeKey(cjose_jwk_import(text.c_str(), text.size(), nullptr));
}

bool is_for_signatures(const json::Object& key) {
  if (const auto* use = key.if_contains("use"); use != nullptr && *use != "sig") return false;
  const auto* operations = key.if_contains("key_ops");
  if (operations == nullptr) return true;
  if (!operations->is_array()) return false;
  const auto& list = operations->get_array();
  return std::any_of(list.begin(), list.end(), [](const json::Value& one) { return one == "verify"; });
}

struct Head {
  const Algorithm* algorithm;
  std::string key_id;  ///< empty: it names none
};

Head head_of(std::string_view part) {
  const auto text = crypto::from_base64url(part);
  if (!text) refuse("its header is not base64url");
  const auto value = json::parse(*text, json_depth);
  if (!value.is_object()) refuse("its header is no object");
  const auto& object = value.get_object();
  if (object.contains("crit")) refuse("its header demands what is not known here (crit)");
  const auto name = text_of(object, "alg", 16);
  const auto* algorithm = algorithm_named(name);
  if (algorithm == nullptr) refuse("is signed by no algorithm that is taken here: RS, PS, ES, EdDSA");
  if (object.contains("kid") && text_of(object, "kid", key_id_bytes_max).empty()) refuse("kid is no text, or too long");
  return {algorithm, text_of(object, "kid", key_id_bytes_max)};
}

std::array<std::string_view, 3> parts_of(std::string_view token) {
  const auto first = token.find('.');
  const auto second = first == token.npos ? token.npos : token.find('.', first + 1);
  if (token.size() > token_bytes_max || second == token.npos || token.find('.', second + 1) != token.npos) {
    refuse("is not HEADER.PAYLOAD.SIGNATURE, or too long");
  }
  return {token.substr(0, first), token.substr(first + 1, second - first - 1), token.substr(second + 1)};
}

}  // namespace

struct KeySet::Key {
  std::string id, algorithm;  ///< empty: not said
  Kind kind = Kind::rsa;
  cjose_jwk_ec_curve curve = CJOSE_JWK_EC_INVALID;
  NativeKey native{};   ///< but of Ed25519
  std::string ed25519;  ///< base64url

  static std::shared_ptr<const Key> read(const json::Object& from);
  bool fits(const Head& head) const {
    return kind == head.algorithm->kind && (kind != Kind::ec || curve == head.algorithm->curve) &&
           (algorithm.empty() || algorithm == head.algorithm->name) && (head.key_id.empty() || head.key_id == id);
  }
  bool has_signed(std::string_view token) const;
};

/// Null: it is none that is of use here.
std::shared_ptr<const KeySet::Key> KeySet::Key::read(const json::Object& from) {
  if (!is_for_signatures(from)) return nullptr;
  auto key = std::make_shared<Key>();
  key->id = text_of(from, "kid", key_id_bytes_max);
  key->algorithm = text_of(from, "alg", 16);
  const auto type = text_of(from, "kty", 16), curve = text_of(from, "crv", 16);
  if (type == "RSA") {
    const auto modulus = base64url_of(from, "n", modulus_letters_max);
    const auto exponent = base64url_of(from, "e", exponent_letters_max);
    if (modulus.empty() || exponent.empty()) return nullptr;
    key->native = import({{"kty", type}, {"n", modulus}, {"e", exponent}});
    if (!key->native || cjose_jwk_get_keysize(key->native.get(), nullptr) < rsa_bits_least) return nullptr;
  } else if (type == "EC") {
    const auto x = base64url_of(from, "x", point_letters_max), y = base64url_of(from, "y", point_letters_max);
    if (x.empty() || y.empty()) return nullptr;
    key->kind = Kind::ec;
    key->native = import({{"kty", type}, {"crv", curve}, {"x", x}, {"y", y}});
    if (!key->native) return nullptr;
    key->curve = cjose_jwk_EC_get_curve(key->native.get(), nullptr);
  } else if (type == "OKP" && curve == "Ed25519") {
    key->kind = Kind::ed25519;
    key->ed25519 = text_of(from, "x", ed25519_letters);
    const auto bytes = crypto::from_base64url(key->ed25519);
    if (!bytes || bytes->size() != 32) return nullptr;
  } else {
    return nullptr;
  }
  return key;
}

bool KeySet::Key::has_signed(std::string_view token) const {
  if (kind == Kind::ed25519) {
    const auto dot = token.rfind('.');
    return crypto::is_signature(ed25519, token.substr(0, dot), token.substr(dot + 1));
  }
  const std::unique_ptr<cjose_jws_t, ReleaseToken> read(cjose_jws_import(token.data(), token.size(), nullptr));
  return read && cjose_jws_verify(read.get(), native.get(), nullptr);
}

KeySet KeySet::parse(std::string_view text) {
  const auto refuse_set = [](std::string_view why) { fail_field(Code::invalid, "keys", "keys: {}", why); };
  if (text.size() > keys_bytes_max) refuse_set("are too many bytes");
  const auto value = json::parse(text, json_depth);
  const auto* list = value.is_object() ? value.get_object().if_contains("keys") : nullptr;
  if (list == nullptr || !list->is_array()) refuse_set("there is no list of them");
  if (list->get_array().size() > keys_max) refuse_set("are too many");
  KeySet set;
  for (const auto& one : list->get_array()) {
    if (!one.is_object()) refuse_set("one is no object");
    if (auto key = Key::read(one.get_object())) set.keys_.push_back(std::move(key));
  }
  return set;
}

Signed KeySet::open(std::string_view token) const {
  const auto parts = parts_of(token);
  const auto head = head_of(parts[0]);
  auto payload = crypto::from_base64url(parts[1]);
  if (!payload || payload->empty()) refuse("its payload is not base64url");
  if (parts[2].empty() || !crypto::from_base64url(parts[2])) refuse("its signature is not base64url");
  const bool is_good = std::any_of(keys_.begin(), keys_.end(),
                                   [&](const auto& key) { return key->fits(head) && key->has_signed(token); });
  if (!is_good) refuse("none of the provider's keys signed it");
  return {std::string(head.algorithm->name), std::move(*payload)};
}

bool is_half_hash(std::string_view half, std::string_view text, std::string_view algorithm) {
  const auto* known = algorithm_named(algorithm);
  return known != nullptr && half == half_hash_text(known->hash, text);
}

}  // namespace cofre::oidc
