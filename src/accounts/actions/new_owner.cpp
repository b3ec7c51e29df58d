#include "accounts/actions/new_owner.h"

#include "accounts/actions/lookup.h"
#include "base/error.h"

namespace cofre::accounts {
namespace {

/// Nobody gives what only a security administrator gives, or more than they have themselves.
void check_gift(const Actor& actor, const Owner& wanted) {
  if (wanted.kind == Owner::Kind::service) {
    if (actor.scopes.has_all(wanted.granted)) return;
    fail_field(Code::invalid, "scopes", "scopes: a service account gets no more than its maker has");
  }
  if (wanted.roles == Roles() || wanted.roles == Roles{Role::user} || actor.scopes.has(Scope::security)) return;
  fail_field(Code::invalid, "roles", "roles: a security administrator gives roles beyond user");
}

}  // namespace

Owner::Kind kind_of(Fields& fields) {
  const auto kind = fields.text_if_any("kind").value_or("user");
  if (kind != "user" && kind != "service") fail_field(Code::invalid, "kind", "kind: must be user or service");
  return kind == "user" ? Owner::Kind::user : Owner::Kind::service;
}

Owner new_owner(Accounts& accounts, const Actor& actor, const json::Object& in) {
  Fields fields(in);
  Owner wanted;
  wanted.tenant = tenant_of(accounts, actor, fields).id;
  wanted.kind = kind_of(fields);
  wanted.name = fields.text("name");
  wanted.label = fields.text_if_any("label").value_or("");
  wanted.maker = actor.user;
  if (fields.has("department")) wanted.department = department_of(accounts, actor, fields, wanted.tenant).id;
  const auto roles = fields.texts_if_any("roles"), scopes = fields.texts_if_any("scopes");
  fields.done();
  if (wanted.kind == Owner::Kind::user) {
    if (scopes) fail_field(Code::invalid, "scopes", "scopes: a user has roles");
    wanted.roles = roles ? Roles::parse(*roles) : Roles{Role::user};
  } else {
    if (roles) fail_field(Code::invalid, "roles", "roles: a service account has scopes");
    wanted.granted = scopes ? Scopes::parse(*scopes) : Scopes{Scope::inference};
  }
  check_gift(actor, wanted);
  return wanted;
}

}  // namespace cofre::accounts
