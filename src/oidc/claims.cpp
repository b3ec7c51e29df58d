#include "oidc/claims.h"

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "crypto/secret.h"

namespace cofre::oidc {
namespace {

constexpr std::size_t json_depth = 16;
constexpr std::size_t subject_bytes_max = 255;  // OpenID Connect Core §2
constexpr double seconds_max = 9e15;            // a double holds each whole number up to here

[[noreturn]] void refuse(std::string_view claim, std::string_view why) {
  fail_field(Code::invalid, std::string(claim), "{}: {}", claim, why);
}

std::string_view text_at(const json::Object& claims, std::string_view name) {
  const auto* value = claims.if_contains(name);
  if (value == nullptr || !value->is_string()) refuse(name, "is missing, or no text");
  return value->get_string();
}

/// NumericDate (RFC 7519 §2): seconds, perhaps with a fraction.
std::optional<double> time_if_any(const json::Object& claims, std::string_view name) {
  const auto* value = claims.if_contains(name);
  if (value == nullptr) return std::nullopt;
  boost::system::error_code error;
  const double seconds = value->is_number() ? value->to_number<double>(error) : -1.0;
  if (error || !(seconds >= 0.0 && seconds <= seconds_max)) refuse(name, "is no time");
  return seconds;
}

double time_at(const json::Object& claims, std::string_view name) {
  const auto time = time_if_any(claims, name);
  if (!time) refuse(name, "is missing");
  return *time;
}

void check_audience(const json::Object& claims, std::string_view client_id) {
  const auto* audience = claims.if_contains("aud");
  const auto is_client = [&](const json::Value& one) {
    return one.is_string() && std::string_view(one.get_string()) == client_id;
  };
  bool is_only = false, is_among = false;
  if (audience != nullptr && audience->is_array()) {
    const auto& list = audience->get_array();
    is_among = std::any_of(list.begin(), list.end(), is_client);
    is_only = list.size() == 1;
  } else if (audience != nullptr) {
    is_only = is_among = is_client(*audience);
  }
  if (!is_among) refuse("aud", "the token is for another application");
  if (!is_only && !claims.contains("azp")) refuse("azp", "is missing, where the token is for several applications");
  if (claims.contains("azp") && text_at(claims, "azp") != client_id)
    refuse("azp", "the token is another application's");
}

void check_times(const json::Object& claims, std::int64_t now) {
  const auto earliest = static_cast<double>(now - clock_skew_s), latest = static_cast<double>(now + clock_skew_s);
  if (time_at(claims, "exp") <= earliest) refuse("exp", "the token's time is over");
  if (time_at(claims, "iat") > latest) refuse("iat", "the token is of the future: are the clocks right?");
  if (time_if_any(claims, "nbf").value_or(0.0) > latest) refuse("nbf", "the token is not good yet");
}

}  // namespace

json::Object checked_claims(const Signed& token, const Expected& expected) {
  auto value = json::parse(token.payload, json_depth);
  if (!value.is_object()) refuse("token", "its payload is no object");
  auto& claims = value.get_object();
  if (text_at(claims, "iss") != expected.issuer) refuse("iss", "the token is of another issuer");
  check_audience(claims, expected.client_id);
  check_times(claims, expected.now);
  const auto nonce = text_at(claims, "nonce");
  if (!crypto::equal(std::as_bytes(std::span(nonce)), std::as_bytes(std::span(expected.nonce)))) {
    refuse("nonce", "the token is of another sign-in");
  }
  const auto subject = text_at(claims, "sub");
  if (subject.empty() || subject.size() > subject_bytes_max) refuse("sub", "is empty, or too long");
  if (claims.contains("at_hash") && !expected.access_token.empty() &&
      !is_half_hash(text_at(claims, "at_hash"), expected.access_token, token.algorithm)) {
    refuse("at_hash", "the token is of another access token");
  }
  return std::move(claims);
}

}  // namespace cofre::oidc
