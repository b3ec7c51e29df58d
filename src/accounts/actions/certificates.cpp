#include "accounts/actions/certificates.h"

#include <set>

#include "accounts/actions/key_wish.h"
#include "accounts/actions/lookup.h"
#include "accounts/actions/rows.h"
#include "base/error.h"

namespace cofre::accounts {
namespace {

using json::Array;
using json::Object;

Object shown_certificate(Accounts& accounts, const Key& key) {
  auto object = shown(accounts, key);
  for (const char* of_a_text : {"prefix", "replaced"}) object.erase(of_a_text);
  object["fingerprint"] = key.certificate;
  object["subject"] = key.subject;
  return object;
}

[[noreturn]] void fail_none() {
  fail_field(Code::not_found, "certificate", "certificate: there is no such certificate in use");
}

/// The field "certificate": an id, or a name among `keys`.
Key certificate_among(const std::vector<Key>& keys, Fields& fields) {
  const auto wanted = fields.reference_if_any("certificate");
  std::vector<Key> found;
  for (const auto& key : keys) {
    if (!wanted || !key.is_certificate()) continue;
    if (wanted->id != 0 ? key.id == wanted->id : !key.revoked && key.name == wanted->name) found.push_back(key);
  }
  if (found.empty()) fail_none();
  if (found.size() > 1) {
    fail_field(Code::invalid, "certificate", "certificate: several users have one {}: say its id", wanted->name);
  }
  return std::move(found.front());
}

Array shown_certificates(Accounts& accounts, const std::vector<Key>& keys) {
  Array certificates;
  for (const auto& key : keys) {
    if (key.is_certificate()) certificates.emplace_back(shown_certificate(accounts, key));
  }
  return certificates;
}

/// Those that the actor reaches: of one user, of a tenant.
std::vector<Key> reached(Accounts& accounts, const Actor& actor, Fields& fields) {
  std::optional<Owner> owner;
  if (fields.has("user")) owner = owner_of(accounts, actor, fields);
  const bool one_tenant = fields.has("tenant") || actor.tenant != home_tenant;
  const auto tenant = one_tenant ? tenant_of(accounts, actor, fields).id : 0;
  return accounts.keys.list_where([&](const Key& key) {
    return key.is_certificate() && (!owner || key.owner == owner->id) &&
           (tenant == 0 || accounts.directory.tenant_of(key.owner) == tenant);
  });
}

Object list_certificates(Accounts& accounts, const Actor& actor, const Object& in) {
  Fields fields(in);
  const auto keys = reached(accounts, actor, fields);
  fields.done();
  return {{"certificates", shown_certificates(accounts, keys)}};
}

std::string name_for(const crypto::CertificateFacts& certificate) {
  return "certificate " + certificate.fingerprint.substr(0, 8);
}

crypto::CertificateFacts read_pem(const std::string& pem) {
  try {
    return crypto::read_certificate(pem);
  } catch (const Error& error) {
    fail_field(Code::invalid, "pem", "pem: {}", error.what());
  }
}

/// Whoever holds the certificate can act as its owner: nobody registers one for who may do more than they do.
Object create_certificate(Accounts& accounts, const Actor& actor, const Object& in) {
  Fields fields(in);
  const auto owner = owner_of(accounts, actor, fields);
  const auto certificate = read_pem(fields.text("pem"));
  auto wish = wish_of(fields, fields.text_if_any("name").value_or(name_for(certificate)), {Scope::inference});
  fields.done();
  if (owner.kind == Owner::Kind::user && actor.user != owner.id && !actor.scopes.has_all(owner.scopes())) {
    fail_field(Code::invalid, "user", "user: may do more than you; people register their certificates themselves");
  }
  wish.owner = owner.id;
  wish.maker = actor.user;
  bind_to_maker(accounts, actor, wish);
  return shown_certificate(accounts, accounts.keys.create(wish, certificate));
}

Object revoke_certificate(Accounts& accounts, const Actor& actor, const Object& in) {
  Fields fields(in);
  const auto key = certificate_among(reached(accounts, actor, fields), fields);
  fields.done();
  accounts.keys.revoke(key.id);
  return shown_certificate(accounts, accounts.keys.key(key.id));
}

Object list_own(Accounts& accounts, const Actor& actor, const Object& in) {
  Fields(in).done();
  return {{"certificates", shown_certificates(accounts, accounts.keys.list(actor.user))}};
}

/// The one that this very connection has shown: a certificate is public, and having its key is what counts.
Object create_own(Accounts& accounts, const Actor& actor, const Object& in) {
  if (!actor.certificate) {
    fail_field(Code::invalid, "certificate",
               "certificate: this connection shows none: one's own is registered over a connection that shows it");
  }
  Fields fields(in);
  auto wish = wish_of(fields, fields.text_if_any("name").value_or(name_for(*actor.certificate)), {Scope::inference});
  fields.done();
  if (!actor.scopes.has_all(wish.scopes)) {
    fail_field(Code::invalid, "scopes", "scopes: a certificate carries no more than its maker has, here: {}",
               actor.scopes.text());
  }
  wish.owner = wish.maker = actor.user;
  bind_to_maker(accounts, actor, wish);
  return shown_certificate(accounts, accounts.keys.create(wish, *actor.certificate));
}

Object revoke_own(Accounts& accounts, const Actor& actor, const Object& in) {
  Fields fields(in);
  const auto key = certificate_among(accounts.keys.list(actor.user), fields);
  fields.done();
  accounts.keys.revoke(key.id);
  return shown_certificate(accounts, accounts.keys.key(key.id));
}

constexpr Action rows[] = {
    {"certificate.list", Scope::directory, false, list_certificates},
    {"certificate.create", Scope::people, true, create_certificate},
    {"certificate.revoke", Scope::security, true, revoke_certificate},
    {"me.certificate.list", Scope::account, false, list_own},
    {"me.certificate.create", Scope::account, true, create_own},
    {"me.certificate.revoke", Scope::account, true, revoke_own},
};

/// Who is called so; nobody where several are.
std::optional<Owner> owner_by_name(const Accounts& accounts, const crypto::CertificateFacts& certificate) {
  using Name = Policy::CertificateName;
  const auto by = accounts.policy.certificate_name;
  if (by == Name::none) return std::nullopt;
  std::set<std::string> names(certificate.emails.begin(), certificate.emails.end());
  if (by == Name::common_name) names = {certificate.subject};
  std::vector<Owner> found;
  for (const auto& tenant : accounts.directory.tenants()) {
    if (tenant.name != accounts.policy.certificate_tenant) continue;
    for (const auto& name : names) {
      if (auto owner = accounts.directory.find_owner(tenant.id, name)) found.push_back(std::move(*owner));
    }
  }
  return found.size() == 1 ? std::optional(std::move(found.front())) : std::nullopt;
}

/// What a name alone gives: to ask models, and to see to one's own account. Who administers registers a certificate.
Scopes scopes_by_name(const Owner& owner) { return owner.scopes().common({Scope::inference, Scope::account}); }

}  // namespace

std::span<const Action> certificate_actions() { return rows; }

std::optional<Caller> caller_of(Accounts& accounts, const std::shared_ptr<const crypto::CertificateFacts>& certificate,
                                const std::string& from) {
  if (auto caller = accounts.keys.authenticate(*certificate, from)) return caller;
  if (accounts.keys.knows(*certificate)) return std::nullopt;
  const auto owner = owner_by_name(accounts, *certificate);
  if (!owner || !accounts.directory.standing(owner->id)) return std::nullopt;
  const auto scopes = scopes_by_name(*owner);
  if (scopes.is_empty()) return std::nullopt;
  Actor actor;
  actor.user = owner->id;
  actor.tenant = owner->tenant;
  actor.scopes = scopes;
  actor.scopes.add(Scope::account);  // what the action needs: a service account registers its own too
  actor.from = from;
  actor.certificate = certificate;
  try {
    act(accounts, actor, "me.certificate.create", {{"scopes", listed(scopes.names())}});
  } catch (const Error&) {
    if (!accounts.keys.knows(*certificate)) throw;  // else a request beside this one was first
  }
  return accounts.keys.authenticate(*certificate, from);
}

}  // namespace cofre::accounts
