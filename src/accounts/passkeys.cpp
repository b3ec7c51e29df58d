#include "accounts/passkeys.h"

#include <algorithm>

#include "accounts/names.h"
#include "base/error.h"
#include "webauthn/verify.h"

namespace cofre::accounts {
namespace {

using json::Array;
using json::Object;

constexpr std::int64_t challenge_s = 300;
constexpr std::size_t random_bytes = 16, end_bytes = 8;
constexpr std::int64_t passkeys_max = 20;
constexpr std::size_t member_bytes_max = 64 << 10;

[[noreturn]] void refuse(std::string_view why) { fail_field(Code::invalid, "credential", "credential: {}", why); }

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A member that is base64url, decoded.
std::string decoded(const Object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_string() || value->get_string().size() > member_bytes_max)
    refuse(fmt::format("{}: must be base64url", name));
  auto bytes = crypto::from_base64url(std::string_view(value->get_string()));
  if (!bytes) refuse(fmt::format("{}: must be base64url", name));
  return std::move(*bytes);
}

const Object& response_of(const Object& credential) {
  const auto* response = credential.if_contains("response");
  if (response == nullptr || !response->is_object()) refuse("has no response");
  return response->get_object();
}

webauthn::Expected expected(const Site& site, bool user_verified) {
  return {.rp_id = site.rp_id, .origins = site.origins, .user_verified = user_verified};
}

std::string purpose_of_adding(std::int64_t owner, std::int64_t key_id, const Site& site) {
  return fmt::format("add {} {} {}", owner, key_id, site.rp_id);
}
std::string purpose_of_asking(std::int64_t owner, const Site& site) {
  return fmt::format("ask {} {}", owner, site.rp_id);
}

}  // namespace

Passkeys::Passkeys(store::Database& database, std::mutex& database_mutex, const crypto::Secret& master,
                   Directory& directory, const Policy& policy, Clock clock)
    : database_(database),
      database_mutex_(database_mutex),
      directory_(directory),
      policy_(policy),
      handle_key_(master.derive("passkeys")),
      clock_(std::move(clock)) {}

std::string Passkeys::challenge(const std::string& purpose) const {
  const auto random = crypto::Secret::random();
  auto text = text_of(random.bytes().first(random_bytes));
  const std::int64_t end = clock_() + challenge_s;
  for (int shift = 56; shift >= 0; shift -= 8) text += static_cast<char>(end >> shift);
  return crypto::base64url(bytes_of(text + text_of(crypto::hmac_sha256(challenge_key_, text + purpose))));
}

bool Passkeys::is_open(std::string_view challenge, const std::string& purpose) const {
  const auto whole = challenge.size() > 128 ? std::nullopt : crypto::from_base64url(challenge);
  if (!whole || whole->size() != random_bytes + end_bytes + sizeof(crypto::Mac)) return false;
  const auto text = whole->substr(0, random_bytes + end_bytes);
  const auto mac = crypto::hmac_sha256(challenge_key_, text + purpose);
  if (!crypto::equal(mac, bytes_of(std::string_view(*whole).substr(text.size())))) return false;
  std::int64_t end = 0;
  for (const char byte : text.substr(random_bytes)) end = end << 8 | static_cast<unsigned char>(byte);
  const auto now = clock_();
  const std::scoped_lock lock(mutex_);
  return now < end && now >= end - challenge_s && !used_.contains(challenge);
}

/// Only what was answered rightly is kept: nobody fills the memory with it.
void Passkeys::close(const std::string& challenge) {
  const auto now = clock_();
  const std::scoped_lock lock(mutex_);
  std::erase_if(used_, [&](const auto& one) { return one.second <= now; });
  if (!used_.emplace(challenge, now + challenge_s).second) refuse("it was used just now");
}

/// Tells nothing of the user (§14.6.1).
std::string Passkeys::handle_of(std::int64_t owner) const {
  return text_of(crypto::hmac_sha256(handle_key_, fmt::format("user {}", owner)));
}

Array Passkeys::known(std::int64_t owner, const Site& site) const {
  Array list;
  const std::lock_guard hold(database_mutex_);
  for (auto row = database_.query("SELECT credential FROM passkeys WHERE owner = ? AND rp_id = ?", owner, site.rp_id);
       row.next();)
    list.push_back(Object{{"type", "public-key"}, {"id", crypto::base64url(row.blob(0))}});
  return list;
}

Object Passkeys::begin(std::int64_t owner, std::int64_t key_id, const Site& site) const {
  const auto user = directory_.owner(owner);
  Array algorithms;
  for (const int one : webauthn::algorithms) algorithms.push_back(Object{{"type", "public-key"}, {"alg", one}});
  return {{"rp", Object{{"id", site.rp_id}, {"name", "Cofre"}}},
          {"user", Object{{"id", crypto::base64url(bytes_of(handle_of(owner)))},
                          {"name", user.name},
                          {"displayName", user.label.empty() ? user.name : user.label}}},
          {"challenge", challenge(purpose_of_adding(owner, key_id, site))},
          {"pubKeyCredParams", std::move(algorithms)},
          {"timeout", challenge_s * 1000},
          {"excludeCredentials", known(owner, site)},
          {"authenticatorSelection", Object{{"residentKey", "preferred"},
                                            {"requireResidentKey", false},
                                            {"userVerification", policy_.passkeys_verify ? "required" : "preferred"}}},
          {"attestation", "none"}};
}

Passkey Passkeys::add(std::int64_t owner, std::int64_t key_id, const Site& site, std::string_view name,
                      const Object& credential) {
  check_name(name);
  const auto& response = response_of(credential);
  const auto client = webauthn::ClientData::parse(decoded(response, "clientDataJSON"));
  if (!is_open(client.challenge, purpose_of_adding(owner, key_id, site)))
    refuse("its challenge was not given here, was used, or its time is over: begin anew");
  const auto made = webauthn::verify_registration(expected(site, policy_.passkeys_verify), client,
                                                  decoded(response, "attestationObject"));
  close(client.challenge);
  const auto now = clock_();
  const std::lock_guard hold(database_mutex_);
  if (database_.query("SELECT 1 FROM passkeys WHERE credential = ?", bytes_of(made.id)).next())
    refuse("it is registered already");
  if (database_.query("SELECT 1 FROM passkeys WHERE owner = ? AND name = ?", owner, name).next())
    fail_field(Code::invalid, "name", "name: there is a passkey {} already", name);
  if (auto row = database_.query("SELECT count(*) FROM passkeys WHERE owner = ?", owner);
      row.next() && row.integer(0) >= passkeys_max)
    fail_field(Code::invalid, "credential", "credential: there are {} passkeys, which is the most", passkeys_max);
  database_.run(
      "INSERT INTO passkeys (owner, name, rp_id, credential, algorithm, public_key, counter, created) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      owner, name, site.rp_id, bytes_of(made.id), made.algorithm, bytes_of(made.public_key), made.counter, now);
  return {database_.last_id(), owner, std::string(name), site.rp_id, now};
}

Object Passkeys::ask(std::int64_t owner, const Site& site) const {
  auto allowed = known(owner, site);
  if (owner != 0 && allowed.empty()) {
    fail_field(Code::not_found, "passkey", "passkey: there is none for {}", site.rp_id);
  }
  const bool verify = owner == 0 || policy_.passkeys_verify;
  return {{"challenge", challenge(purpose_of_asking(owner, site))},
          {"timeout", challenge_s * 1000},
          {"rpId", site.rp_id},
          {"allowCredentials", std::move(allowed)},
          {"userVerification", verify ? "required" : "preferred"}};
}

Passkeys::Answered Passkeys::answer(const Site& site, const Object& credential) {
  const auto& response = response_of(credential);
  const auto client = webauthn::ClientData::parse(decoded(response, "clientDataJSON"));
  const auto id = decoded(credential, "id");
  webauthn::Credential known{.id = id};
  std::int64_t passkey = 0, owner = 0;
  {
    const std::lock_guard hold(database_mutex_);
    auto row = database_.query(
        "SELECT id, owner, algorithm, public_key, counter FROM passkeys WHERE credential = ? AND rp_id = ?",
        bytes_of(id), site.rp_id);
    if (!row.next()) refuse("it is not known here");
    passkey = row.integer(0);
    owner = row.integer(1);
    known.algorithm = static_cast<int>(row.integer(2));
    known.public_key = text_of(row.blob(3));
    known.counter = static_cast<std::uint32_t>(row.integer(4));
  }
  const bool has_password = is_open(client.challenge, purpose_of_asking(owner, site));
  if (!has_password && !is_open(client.challenge, purpose_of_asking(0, site)))
    refuse("its challenge was not given here, was used, or its time is over: begin anew");
  // §7.2 step 6: who named nobody before is named by the authenticator.
  const auto* handle = response.if_contains("userHandle");
  const bool has_handle = handle != nullptr && !handle->is_null();
  if (has_handle ? decoded(response, "userHandle") != handle_of(owner) : !has_password) refuse("it is of another user");
  const auto shown = webauthn::verify_assertion(expected(site, !has_password || policy_.passkeys_verify), known, client,
                                                decoded(response, "authenticatorData"), decoded(response, "signature"));
  close(client.challenge);
  // §7.2 step 22. Authenticators that do not count say 0.
  const std::lock_guard hold(database_mutex_);
  database_.run("UPDATE passkeys SET counter = ?, used = ? WHERE id = ? AND (counter < ? OR (counter = 0 AND ? = 0))",
                shown.counter, clock_(), passkey, shown.counter, shown.counter);
  if (database_.changes() == 0) refuse("its counter went back: somebody may have a copy of it");
  return {owner, has_password};
}

bool Passkeys::has(std::int64_t owner) const {
  const std::lock_guard hold(database_mutex_);
  return database_.query("SELECT 1 FROM passkeys WHERE owner = ?", owner).next();
}

std::vector<Passkey> Passkeys::list(std::int64_t owner) const {
  std::vector<Passkey> passkeys;
  const std::lock_guard hold(database_mutex_);
  for (auto row =
           database_.query("SELECT id, name, rp_id, created, used FROM passkeys WHERE owner = ? ORDER BY id", owner);
       row.next();)
    passkeys.push_back({row.integer(0), owner, row.text(1), row.text(2), row.integer(3), row.integer_if_any(4)});
  return passkeys;
}

void Passkeys::remove(std::int64_t owner, std::int64_t id) {
  const std::lock_guard hold(database_mutex_);
  database_.run("DELETE FROM passkeys WHERE owner = ? AND id = ?", owner, id);
  if (database_.changes() == 0) fail_field(Code::not_found, "passkey", "passkey: there is no such passkey");
}

void Passkeys::remove_all(std::int64_t owner) {
  const std::lock_guard hold(database_mutex_);
  database_.run("DELETE FROM passkeys WHERE owner = ?", owner);
}

}  // namespace cofre::accounts
