#include "accounts/actions/lookup.h"
#include "accounts/actions/rows.h"
#include "base/error.h"

namespace cofre::accounts {
namespace {

using json::Array;
using json::Object;

Object shown(const Passkey& passkey) {
  return {{"id", passkey.id},
          {"name", passkey.name},
          {"domain", passkey.rp_id},
          {"created", passkey.created},
          {"last_used", time_or_null(passkey.used)}};
}

Object listed_of(const Accounts& accounts, std::int64_t owner) {
  Array passkeys;
  for (const auto& passkey : accounts.passkeys.list(owner)) passkeys.emplace_back(shown(passkey));
  return {{"passkeys", std::move(passkeys)}, {"authenticator_app", accounts.sign_in.has_app(owner)}};
}

/// Whoever has found a session open makes no passkey of their own, and removes none.
void check_password(Accounts& accounts, const Actor& actor, Fields& fields) {
  if (accounts.sign_in.check_password(actor.user, fields.text("password"))) return;
  fail_field(Code::invalid, "password", "password: is not the password");
}

const Site& site_of(const Actor& actor) {
  if (!actor.site) fail_field(Code::invalid, "passkey", "passkey: they are for pages of a browser");
  return *actor.site;
}

Object list_factors(Accounts& accounts, const Actor& actor, const Object& in) {
  Fields fields(in);
  const auto owner = owner_of(accounts, actor, fields);
  fields.done();
  return listed_of(accounts, owner.id);
}

Object list_own(Accounts& accounts, const Actor& actor, const Object& in) {
  Fields(in).done();
  return listed_of(accounts, actor.user);
}

Object begin(Accounts& accounts, const Actor& actor, const Object& in) {
  must_be_person(actor);
  Fields fields(in);
  const auto& site = site_of(actor);
  if (accounts.sign_in.kept_by(actor.user) == "oidc") {
    fail_field(Code::invalid, "user", "user: signs in by the company's provider: passkeys are set up there");
  }
  check_password(accounts, actor, fields);
  fields.done();
  return {{"publicKey", accounts.passkeys.begin(actor.user, actor.key_id, site)}};
}

Object create(Accounts& accounts, const Actor& actor, const Object& in) {
  must_be_person(actor);
  Fields fields(in);
  const auto name = fields.text("name");
  const bool has = fields.has("credential");
  fields.done();
  if (!has || !in.at("credential").is_object()) fail_field(Code::invalid, "credential", "credential: must be given");
  auto answer =
      shown(accounts.passkeys.add(actor.user, actor.key_id, site_of(actor), name, in.at("credential").get_object()));
  answer["recovery_codes"] = listed(accounts.sign_in.first_recovery_codes(actor.user));
  return answer;
}

Object remove(Accounts& accounts, const Actor& actor, const Object& in) {
  must_be_person(actor);
  Fields fields(in);
  const auto passkey = fields.number("passkey", 1, std::int64_t{1} << 60);
  check_password(accounts, actor, fields);
  fields.done();
  accounts.sign_in.remove_passkey(actor.user, passkey);
  return listed_of(accounts, actor.user);
}

constexpr Action rows[] = {
    {"user.factors", Scope::security, false, list_factors}, {"me.passkey.list", Scope::account, false, list_own},
    {"me.passkey.begin", Scope::account, true, begin},      {"me.passkey.create", Scope::account, true, create},
    {"me.passkey.remove", Scope::account, true, remove},
};

}  // namespace

std::span<const Action> passkey_actions() { return rows; }

}  // namespace cofre::accounts
