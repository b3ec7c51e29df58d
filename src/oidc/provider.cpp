#include "oidc/provider.h"

#include <algorithm>

#include "base/error.h"
#include "crypto/secret.h"
#include "http/message.h"
#include "oidc/claims.h"
#include "oidc/hash.h"
#include "os/disk.h"

namespace cofre::oidc {
namespace {

constexpr std::size_t metadata_bytes_max = 256 << 10;
constexpr std::size_t answer_bytes_max = 256 << 10;
constexpr std::size_t secret_bytes_max = 4096;
constexpr std::size_t url_bytes_max = 2048;
constexpr std::size_t groups_max = 1000;
constexpr std::size_t json_depth = 16;
constexpr std::int64_t keep_s = 3600;
constexpr std::int64_t renew_pause_s = 30;
constexpr std::int64_t failure_pause_s = 2;

std::string random_text() {
  const auto random = crypto::Secret::random();
  return crypto::base64url(random.bytes());
}

/// A stranger's words in a message: short, and printable.
std::string said(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 200)) out += c >= ' ' && c <= '~' ? c : '?';
  return out;
}

json::Object object_of(std::string_view text, std::string_view what) {
  try {
    auto value = json::parse(text, json_depth);
    if (value.is_object()) return std::move(value.get_object());
  } catch (const Error&) {
  }
  fail(Code::invalid, "{} is no JSON object", what);
}

std::string url_at(const json::Object& object, std::string_view name) {
  const auto url = json::string_at(object, name);
  const bool is_plain = std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c <= '~'; });
  if (!url.starts_with("https://") || !is_plain || url.size() > url_bytes_max || url.find('#') != url.npos) {
    fail_field(Code::invalid, std::string(name), "{}: must be an address with https://", name);
  }
  return std::string(url);
}

/// Whether a list that may be absent holds this text.
bool lists(const json::Object& object, std::string_view name, std::string_view text, bool if_absent) {
  const auto* list = object.if_contains(name);
  if (list == nullptr) return if_absent;
  return list->is_array() &&
         std::any_of(list->get_array().begin(), list->get_array().end(), [&](const json::Value& one) {
           return one.is_string() && std::string_view(one.get_string()) == text;
         });
}

std::string form_of(const std::vector<std::pair<std::string_view, std::string>>& fields) {
  std::string text;
  for (const auto& [name, value] : fields) {
    text += fmt::format("{}{}={}", text.empty() ? "" : "&", name, http::percent_encode(value));
  }
  return text;
}

std::string read_secret(const std::string& path) {
  auto secret = os::read_whole(path, secret_bytes_max);
  while (!secret.empty() && (secret.back() == '\n' || secret.back() == '\r')) secret.pop_back();
  if (secret.empty())
    fail_field(Code::invalid, "oidc.client_secret_file", "oidc.client_secret_file: {} is empty", path);
  return secret;
}

/// Why a token endpoint refuses (RFC 6749 §5.2).
[[noreturn]] void refused(std::string_view url, const http::Incoming& answer) {
  std::string why = fmt::format("status {}", answer.status);
  try {
    const auto object = object_of(answer.body, "the answer");
    why = said(json::string_at(object, "error"));
    if (object.contains("error_description")) why += ": " + said(json::string_at(object, "error_description"));
  } catch (const Error&) {  // the status alone has to do
  }
  if (answer.status >= 500) fail(Code::unavailable, "{} answers {}", url, why);
  fail_field(Code::invalid, "code", "code: {} refuses it: {}", url, why);
}

}  // namespace

Trip new_trip(std::string redirect, std::string return_to) {
  return {random_text(), random_text(), random_text(), std::move(redirect), std::move(return_to)};
}

Provider::Provider(Options options, Clock clock)
    : Provider(options, std::move(clock), [patience = options.timeout](const http::Outgoing& request) {
        return http::ask(request, patience, answer_bytes_max);
      }) {}

Provider::Provider(Options options, Clock clock, Ask ask)
    : options_(std::move(options)), clock_(std::move(clock)), ask_(std::move(ask)) {}

http::Incoming Provider::ask(http::Outgoing request) {
  request.ca_file = options_.ca_file;
  request.trusts_ca_file_alone = !options_.ca_file.empty();
  {
    const std::scoped_lock lock(mutex_);
    const auto since = failed_ ? clock_() - *failed_ : failure_pause_s;
    if (since >= 0 && since < failure_pause_s) fail(Code::unavailable, "{}", failure_);
  }
  try {
    return ask_(request);
  } catch (const Error& error) {
    const std::scoped_lock lock(mutex_);
    failed_ = clock_();
    failure_ = error.what();
    throw;
  }
}

std::string Provider::get(const std::string& url, std::size_t bytes_max) {
  auto answer = ask({.url = url, .type = {}});
  if (answer.status != 200) fail(Code::unavailable, "{} answers {}", url, answer.status);
  if (answer.body.size() > bytes_max) fail(Code::invalid, "{}: the answer has more than {} bytes", url, bytes_max);
  return std::move(answer.body);
}

std::shared_ptr<const Provider::Metadata> Provider::metadata() {
  {
    const std::scoped_lock lock(mutex_);
    const auto age = clock_() - metadata_.since;
    if (metadata_.value && age >= 0 && age < keep_s) return metadata_.value;
  }
  auto base = options_.issuer;
  if (base.ends_with('/')) base.pop_back();
  const auto text = get(base + "/.well-known/openid-configuration", metadata_bytes_max);
  auto fresh = std::make_shared<const Metadata>(read_metadata(text));
  const std::scoped_lock lock(mutex_);
  metadata_ = {fresh, clock_()};
  return fresh;
}

/// OpenID Connect Discovery 1.0 §3 and §4.3.
Provider::Metadata Provider::read_metadata(std::string_view text) const {
  const auto object = object_of(text, "the provider's configuration");
  if (const auto issuer = json::string_at(object, "issuer"); issuer != options_.issuer) {
    fail_field(Code::invalid, "issuer", "issuer: the provider calls itself {}, oidc.issuer is {}", said(issuer),
               options_.issuer);
  }
  if (!lists(object, "code_challenge_methods_supported", "S256", true)) {
    fail_field(Code::invalid, "code_challenge_methods_supported",
               "code_challenge_methods_supported: the provider takes no PKCE with S256");
  }
  Metadata read{.authorization = url_at(object, "authorization_endpoint"),
                .token = url_at(object, "token_endpoint"),
                .keys = url_at(object, "jwks_uri"),
                .userinfo = object.contains("userinfo_endpoint") ? url_at(object, "userinfo_endpoint") : ""};
  constexpr std::string_view methods = "token_endpoint_auth_methods_supported";
  read.takes_basic = lists(object, methods, "client_secret_basic", true);
  const auto* sends = object.if_contains("authorization_response_iss_parameter_supported");
  read.sends_issuer = sends != nullptr && *sends == true;
  return read;
}

std::shared_ptr<const KeySet> Provider::keys(const Metadata& metadata, bool anew) {
  {
    const std::scoped_lock lock(mutex_);
    const auto age = clock_() - keys_.since;
    if (!anew && keys_.value && age >= 0 && age < keep_s) return keys_.value;
    if (anew) renewed_ = clock_();
  }
  auto fresh = std::make_shared<const KeySet>(KeySet::parse(get(metadata.keys, keys_bytes_max)));
  const std::scoped_lock lock(mutex_);
  keys_ = {fresh, clock_()};
  return fresh;
}

std::string Provider::address_for(const Trip& trip) {
  const auto known = metadata();
  std::string scope;
  for (const auto& one : options_.scopes) scope += (scope.empty() ? "" : " ") + one;
  return known->authorization + (known->authorization.find('?') == std::string::npos ? "?" : "&") +
         form_of({{"response_type", "code"},
                  {"client_id", options_.client_id},
                  {"redirect_uri", trip.redirect},
                  {"scope", scope},
                  {"state", trip.state},
                  {"nonce", trip.nonce},
                  {"code_challenge", hash_text("SHA256", trip.verifier)},
                  {"code_challenge_method", "S256"}});
}

/// RFC 6749 §4.1.3 with RFC 7636 §4.5.
Provider::Tokens Provider::exchange(const Metadata& metadata, const Trip& trip, const Arrival& arrival) {
  http::Outgoing request{.url = metadata.token, .type = "application/x-www-form-urlencoded"};
  std::vector<std::pair<std::string_view, std::string>> fields{{"grant_type", "authorization_code"},
                                                               {"code", arrival.code},
                                                               {"redirect_uri", trip.redirect},
                                                               {"code_verifier", trip.verifier}};
  const auto secret = options_.client_secret_file.empty() ? std::string() : read_secret(options_.client_secret_file);
  if (!secret.empty() && metadata.takes_basic) {
    request.user = http::percent_encode(options_.client_id);
    request.password = http::percent_encode(secret);
  } else {
    fields.emplace_back("client_id", options_.client_id);
    if (!secret.empty()) fields.emplace_back("client_secret", secret);
  }
  request.body = form_of(fields);
  const auto answer = ask(std::move(request));
  if (answer.status != 200) refused(metadata.token, answer);
  const auto object = object_of(answer.body, "the answer of the token endpoint");
  Tokens tokens{.id = std::string(json::string_at(object, "id_token")), .access = {}};
  if (object.contains("access_token")) tokens.access = json::string_at(object, "access_token");
  return tokens;
}

/// A key that is not known may be new.
Signed Provider::open(const Metadata& metadata, const std::string& token) {
  try {
    return keys(metadata, false)->open(token);
  } catch (const Error& error) {
    if (error.code() != Code::invalid || error.field() != "token") throw;
    const std::scoped_lock lock(mutex_);
    const auto since = renewed_ ? clock_() - *renewed_ : renew_pause_s;
    if (since >= 0 && since < renew_pause_s) throw;
  }
  return keys(metadata, true)->open(token);
}

/// OpenID Connect Core §5.3: only of the same subject. What the ID token says counts.
void Provider::add_userinfo(const Metadata& metadata, const Tokens& tokens, json::Object& claims) {
  auto answer = ask({.url = metadata.userinfo, .type = {}, .key = tokens.access});
  if (answer.status != 200) fail(Code::unavailable, "{} answers {}", metadata.userinfo, answer.status);
  const auto more = object_of(answer.body, "the answer of the userinfo endpoint");
  if (json::string_at(more, "sub") != json::string_at(claims, "sub")) {
    fail_field(Code::invalid, "sub", "sub: the userinfo endpoint tells of somebody else");
  }
  for (const auto& [name, value] : more) claims.emplace(name, value);
}

Person Provider::person_of(const json::Object& claims) const {
  Person person;
  person.subject = options_.issuer + " " + std::string(json::string_at(claims, "sub"));
  person.name = json::string_at(claims, options_.name_claim);
  // An address that somebody only says is theirs would be a way to be somebody else.
  if (options_.name_claim == "email") {
    const auto* verified = claims.if_contains("email_verified");
    if (verified == nullptr || *verified != true) {
      fail_field(Code::invalid, "email_verified", "email_verified: the provider has not checked the address");
    }
  }
  const auto* groups = claims.if_contains(options_.groups_claim);
  if (groups == nullptr || groups->is_null()) return person;
  const auto refuse = [&](std::string_view why) {
    fail_field(Code::invalid, options_.groups_claim, "{}: {}", options_.groups_claim, why);
  };
  if (groups->is_string()) {
    person.groups.emplace_back(groups->get_string());
    return person;
  }
  if (!groups->is_array()) refuse("is no list of names");
  if (groups->get_array().size() > groups_max) refuse(fmt::format("has more than {} names", groups_max));
  for (const auto& one : groups->get_array()) {
    if (!one.is_string()) refuse("is no list of names");
    person.groups.emplace_back(one.get_string());
  }
  return person;
}

Person Provider::verify(const Trip& trip, const Arrival& arrival) {
  const auto known = metadata();
  if (arrival.issuer ? *arrival.issuer != options_.issuer : known->sends_issuer) {
    fail_field(Code::invalid, "iss", "iss: the answer is not of this provider");
  }
  const auto tokens = exchange(*known, trip, arrival);
  auto claims = checked_claims(open(*known, tokens.id), {.issuer = options_.issuer,
                                                         .client_id = options_.client_id,
                                                         .nonce = trip.nonce,
                                                         .access_token = tokens.access,
                                                         .now = clock_()});
  const bool is_whole = claims.contains(options_.name_claim) && claims.contains(options_.groups_claim);
  if (!is_whole && !known->userinfo.empty() && !tokens.access.empty()) add_userinfo(*known, tokens, claims);
  return person_of(claims);
}

void Provider::probe() { keys(*metadata(), false); }

}  // namespace cofre::oidc
