#pragma once

#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include <cjose/cjose.h>

#include "base/error.h"
#include "json/json.h"

namespace cofre::oidc {

/// For tests: a private key that signs tokens (libcjose).
class Signer {
 public:
  /// `algorithm`: "RS256", "PS256", "ES256", …. `id`: its kid. `bits`: of an RSA key.
  Signer(std::string algorithm, std::string id, std::size_t bits = 2048)
      : algorithm_(std::move(algorithm)), id_(std::move(id)), key_(new_key(algorithm_, bits)) {}
  /// Of HS256, with this secret.
  static Signer of_secret(std::string id, std::string_view secret) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(secret.data());
    return Signer("HS256", std::move(id), owned(cjose_jwk_create_oct_spec(bytes, secret.size(), nullptr)));
  }

  /// As JWK, with kid, alg and use.
  json::Object public_key() const {
    const std::unique_ptr<char, decltype(&std::free)> text(cjose_jwk_to_json(key_.get(), false, nullptr), &std::free);
    auto object = json::parse(text.get()).as_object();
    object["kid"] = id_;
    object["alg"] = algorithm_;
    object["use"] = "sig";
    return object;
  }

  /// A token in compact form. `more`: members of its header, instead of and beside alg and kid; null: without it.
  std::string sign(const json::Object& claims, const json::Object& more = {}) const {
    const std::unique_ptr<cjose_header_t, decltype(&cjose_header_release)> head(cjose_header_new(nullptr),
                                                                                &cjose_header_release);
    json::Object members{{"alg", algorithm_}, {"kid", id_}};
    for (const auto& [name, value] : more) members[name] = value;
    for (const auto& [name, value] : members) {
      if (value.is_null()) continue;
      const std::string member(name);
      CHECK(value.is_string() ? cjose_header_set(head.get(), member.c_str(), value.get_string().c_str(), nullptr)
                              : cjose_header_set_raw(head.get(), member.c_str(), json::dump(value).c_str(), nullptr));
    }
    const auto text = json::dump(claims);
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
    const std::unique_ptr<cjose_jws_t, decltype(&cjose_jws_release)> token(
        cjose_jws_sign(key_.get(), head.get(), bytes, text.size(), nullptr), &cjose_jws_release);
    const char* compact = nullptr;
    CHECK(token && cjose_jws_export(token.get(), &compact, nullptr));
    return compact;
  }

 private:
  using Key = std::shared_ptr<cjose_jwk_t>;
  Signer(std::string algorithm, std::string id, Key key)
      : algorithm_(std::move(algorithm)), id_(std::move(id)), key_(std::move(key)) {}
  static Key owned(cjose_jwk_t* key) {
    CHECK(key != nullptr);
    return {key, [](cjose_jwk_t* one) { cjose_jwk_release(one); }};
  }
  static Key new_key(std::string_view algorithm, std::size_t bits) {
    if (algorithm == "ES256") return owned(cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_256, nullptr));
    if (algorithm == "ES384") return owned(cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_384, nullptr));
    if (algorithm == "ES512") return owned(cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_521, nullptr));
    const std::uint8_t exponent[] = {1, 0, 1};
    return owned(cjose_jwk_create_RSA_random(bits, exponent, sizeof exponent, nullptr));
  }

  std::string algorithm_, id_;
  Key key_;
};

}  // namespace cofre::oidc
