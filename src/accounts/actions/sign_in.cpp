#include "accounts/actions/lookup.h"
#include "accounts/actions/rows.h"
#include "base/error.h"
#include "crypto/totp.h"

namespace cofre::accounts {
namespace {

using json::Array;
using json::Object;

constexpr std::int64_t reset_s = 3600;
constexpr std::int64_t just_now_s = 600;

Object shown(Accounts& accounts, const Session& session, const Actor& actor) {
  const auto owner = accounts.directory.find_owner(session.owner);
  return {{"id", session.id},          {"user", owner ? json::Value(owner->name) : json::Value(nullptr)},
          {"from", session.peer},      {"created", session.created},
          {"seen", session.seen},      {"this", actor.key_id == -session.id},
          {"limited", session.limited}};
}

Object link_of(Accounts& accounts, const Owner& owner, std::int64_t valid_s) {
  const auto token = accounts.sign_in.make_link(owner.id, valid_s);
  return {{"user", owner.name}, {"link", link_text(accounts, token)}, {"expires", accounts.clock() + valid_s}};
}

Object list_sessions(Accounts& accounts, const Actor& actor, const Object& in) {
  Fields fields(in);
  std::optional<std::int64_t> owner;
  if (fields.has("user")) owner = owner_of(accounts, actor, fields).id;
  fields.has("tenant");
  fields.done();
  Array sessions;
  for (const auto& session : accounts.sessions.list(owner)) {
    if (actor.reaches(accounts.directory.tenant_of(session.owner))) {
      sessions.emplace_back(shown(accounts, session, actor));
    }
  }
  return {{"sessions", std::move(sessions)}};
}

Object end_session(Accounts& accounts, const Actor& actor, const Object& in) {
  Fields fields(in);
  const auto session = accounts.sessions.session(fields.number("session", 1, std::int64_t{1} << 60));
  fields.done();
  if (!actor.reaches(accounts.directory.tenant_of(session.owner))) {
    fail_field(Code::not_found, "session", "session: there is no such session");
  }
  accounts.sessions.end(session.id);
  return shown(accounts, session, actor);
}

Object end_sessions_of(Accounts& accounts, const Actor& actor, const Object& in) {
  Fields fields(in);
  const auto owner = owner_of(accounts, actor, fields);
  fields.done();
  accounts.sessions.end_all(owner.id);
  return {{"user", owner.name}};
}

Object list_own(Accounts& accounts, const Actor& actor, const Object& in) {
  Fields(in).done();
  Array sessions;
  for (const auto& session : accounts.sessions.list(actor.user)) sessions.emplace_back(shown(accounts, session, actor));
  return {{"sessions", std::move(sessions)}};
}

Object end_own(Accounts& accounts, const Actor& actor, const Object& in) {
  Fields fields(in);
  const auto session = accounts.sessions.session(fields.number("session", 1, std::int64_t{1} << 60));
  fields.done();
  if (session.owner != actor.user) fail_field(Code::not_found, "session", "session: there is no such session");
  accounts.sessions.end(session.id);
  return shown(accounts, session, actor);
}

void must_be_kept_here(const Accounts& accounts, std::int64_t owner) {
  if (!accounts.sign_in.kept_by(owner)) return;
  fail_field(Code::invalid, "user",
             "user: signs in by the company's directory or provider: the password is theirs, and changed there");
}

/// Who sets somebody's password can act as them: nobody opens what is more than theirs.
Object make_link(Accounts& accounts, const Actor& actor, const Object& in) {
  Fields fields(in);
  const auto owner = owner_of(accounts, actor, fields);
  fields.done();
  if (owner.kind != Owner::Kind::user) fail_field(Code::invalid, "user", "user: a service account does not sign in");
  if (!actor.scopes.has_all(owner.scopes())) {
    fail_field(Code::invalid, "user", "user: may do more than you; on the machine itself: cofre admin reset");
  }
  must_be_kept_here(accounts, owner.id);
  return link_of(accounts, owner, invitation_s);
}

/// For who has lost them: the password remains.
Object remove_factors(Accounts& accounts, const Actor& actor, const Object& in) {
  Fields fields(in);
  const auto owner = owner_of(accounts, actor, fields);
  fields.done();
  if (owner.id == actor.user)
    fail_field(Code::invalid, "user", "user: one's own are removed with a code, or a password");
  accounts.sign_in.remove_factors(owner.id);
  return accounts::shown(accounts, owner);
}

Object unlock(Accounts& accounts, const Actor& actor, const Object& in) {
  Fields fields(in);
  const auto owner = owner_of(accounts, actor, fields);
  fields.done();
  accounts.sign_in.unlock(owner.id);
  return accounts::shown(accounts, owner);
}

/// By whoever holds the link: the actor is its owner.
Object use_link(Accounts& accounts, const Actor& actor, const Object& in) {
  Fields fields(in);
  const auto token = fields.text("token"), password = fields.text("password");
  fields.done();
  if (accounts.sign_in.owner_of_link(token) != actor.user) {
    fail_field(Code::not_found, "token", "token: it is somebody else's");
  }
  accounts.sign_in.use_link(token, password);
  accounts.sessions.end_all(actor.user);
  return {{"user", accounts.directory.owner(actor.user).name}};
}

Object change_password(Accounts& accounts, const Actor& actor, const Object& in) {
  must_be_person(actor);
  Fields fields(in);
  const auto old = fields.text("old"), password = fields.text("password");
  fields.done();
  must_be_kept_here(accounts, actor.user);
  if (!accounts.sign_in.check_password(actor.user, old)) fail_field(Code::invalid, "old", "old: is not the password");
  accounts.sign_in.set_password(actor.user, password);
  accounts.sessions.end_all(actor.user, -actor.key_id);
  return {{"changed", true}};
}

/// Whoever sits at a session that somebody left open is not its user. Where the company's provider alone can say who it
/// is, that must have been just now.
void must_be_the_user(Accounts& accounts, const Actor& actor, Fields& fields) {
  if (accounts.sign_in.kept_by(actor.user) != "oidc") {
    const auto password = fields.text("password");
    fields.done();
    if (accounts.sign_in.check_password(actor.user, password)) return;
    fail_field(Code::invalid, "password", "password: is not the password");
  }
  fields.done();
  const auto age = accounts.clock() - accounts.sessions.session(-actor.key_id).created;
  if (age >= 0 && age <= just_now_s) return;
  fail_field(Code::invalid, "session", "session: sign in once more: this is done within {} minutes of it",
             just_now_s / 60);
}

Object begin_factor(Accounts& accounts, const Actor& actor, const Object& in) {
  must_be_person(actor);
  Fields fields(in);
  must_be_the_user(accounts, actor, fields);
  const auto secret = crypto::base32(accounts.sign_in.begin_factor(actor.user));
  // Key URI format of authenticator apps; names in it are letters of our own choice.
  return {
      {"secret", secret},
      {"uri", fmt::format("otpauth://totp/Cofre:{}?secret={}&issuer=Cofre&digits=6&period=30", actor.user, secret)}};
}

Object confirm_factor(Accounts& accounts, const Actor& actor, const Object& in) {
  must_be_person(actor);
  Fields fields(in);
  const auto code = fields.text("code");
  fields.done();
  auto codes = accounts.sign_in.confirm_factor(actor.user, code);
  return {{"recovery_codes", listed(codes)}};
}

Object remove_factor(Accounts& accounts, const Actor& actor, const Object& in) {
  must_be_person(actor);
  Fields fields(in);
  const auto code = fields.text("code");
  fields.done();
  if (!accounts.sign_in.check_code(actor.user, code)) fail_field(Code::invalid, "code", "code: is not the code of now");
  accounts.sign_in.remove_app(actor.user);
  return {{"removed", true}};
}

Roles first_roles(const Accounts& accounts) {
  if (accounts.directory.keeps_roles_apart()) return {Role::user, Role::system_administrator};
  return {Role::user, Role::system_administrator, Role::security_administrator, Role::auditor};
}

/// On the machine itself: whoever has it decides who administers the box.
Object reset(Accounts& accounts, const Actor& actor, const Object& in) {
  CHECK(actor.user == 0);
  Fields fields(in);
  const auto name = fields.text_if_any("name").value_or("admin");
  const auto given = fields.texts_if_any("roles");
  fields.done();
  auto& directory = accounts.directory;
  auto owner = directory.find_owner(home_tenant, name);
  if (owner && owner->kind != Owner::Kind::user) fail_field(Code::invalid, "name", "name: is a service account");
  if (!owner) {
    Owner wanted;
    wanted.tenant = home_tenant;
    wanted.name = name;
    wanted.roles = given ? Roles::parse(*given) : first_roles(accounts);
    owner = directory.create_owner(std::move(wanted));
  } else if (given) {
    directory.set_roles(owner->id, Roles::parse(*given));
  }
  if (owner->state != State::active) directory.set_owner_state(owner->id, State::active);
  accounts.sign_in.remove_factors(owner->id);
  accounts.sign_in.unlock(owner->id);
  accounts.sessions.end_all(owner->id);
  return link_of(accounts, *owner, reset_s);
}

/// A link for the first administrator; none where there is one who can sign in.
Object first(Accounts& accounts, const Actor& actor, const Object& in) {
  CHECK(actor.user == 0);
  Fields(in).done();
  for (const auto& owner : accounts.directory.owners(home_tenant, Owner::Kind::user)) {
    if (owner.roles.has(Role::system_administrator) && accounts.sign_in.has_password(owner.id)) {
      return {{"link", nullptr}};
    }
  }
  return reset(accounts, actor, {});
}

constexpr Action rows[] = {
    {"session.list", Scope::security, false, list_sessions},
    {"session.end", Scope::security, true, end_session},
    {"session.end_all", Scope::security, true, end_sessions_of},
    {"user.link", Scope::people, true, make_link},
    {"user.unlock", Scope::people, true, unlock},
    {"user.factors.remove", Scope::security, true, remove_factors},
    {"link.use", Scope::account, true, use_link},
    {"me.session.list", Scope::account, false, list_own},
    {"me.session.end", Scope::account, true, end_own},
    {"me.password", Scope::account, true, change_password},
    {"me.factor.begin", Scope::account, true, begin_factor},
    {"me.factor.confirm", Scope::account, true, confirm_factor},
    {"me.factor.remove", Scope::account, true, remove_factor},
    {"admin.reset", Scope::security, true, reset},
    {"admin.first", Scope::security, true, first},
};

}  // namespace

std::span<const Action> sign_in_actions() { return rows; }

}  // namespace cofre::accounts
