#include <algorithm>

#include "accounts/actions/key_wish.h"
#include "accounts/actions/lookup.h"
#include "accounts/actions/rows.h"
#include "base/error.h"

namespace cofre::accounts {
namespace {

using json::Array;
using json::Object;

constexpr std::int64_t overlap_most_s = 90 * 86400;
constexpr std::int64_t overlap_s = 86400;
constexpr std::int64_t page_most = 10'000;
constexpr std::int64_t rate_most = 1'000'000;

/// The field "requests_per_minute": a quota of the key that was made.
void limit(Accounts& accounts, const Object& key, std::optional<std::int64_t> rate) {
  if (!rate) return;
  accounts.quotas.set({0, Quota::Level::key, key.at("id").as_int64(), "", Quota::Metric::requests,
                       Quota::Period::minute, static_cast<std::uint64_t>(*rate)});
}

Object made(Accounts& accounts, std::int64_t owner, const std::string& name, std::string text) {
  for (const auto& key : accounts.keys.list(owner)) {
    if (key.name != name || key.revoked || key.replaced) continue;
    auto object = shown(accounts, key);
    object["key"] = std::move(text);
    return object;
  }
  fail_field(Code::not_found, "key", "key: it was revoked just now");
}

/// Without a user: of the service account that is called as the key is, which is made where there is none.
Owner owner_for_key(Accounts& accounts, const Actor& actor, Fields& fields, const KeyWish& wish) {
  if (fields.has("user")) return owner_of(accounts, actor, fields);
  const auto tenant = tenant_of(accounts, actor, fields);
  if (!actor.scopes.has_all(wish.scopes)) {
    fail_field(Code::invalid, "scopes", "scopes: a key carries no more than its maker has");
  }
  auto found = accounts.directory.find_owner(tenant.id, wish.name);
  if (!found) {
    Owner wanted;
    wanted.tenant = tenant.id;
    wanted.kind = Owner::Kind::service;
    wanted.name = wish.name;
    wanted.granted = wish.scopes;
    wanted.maker = actor.user;
    return accounts.directory.create_owner(std::move(wanted));
  }
  if (found->kind == Owner::Kind::service && actor.user == 0 && !found->granted.has_all(wish.scopes)) {
    auto granted = found->granted;
    granted.add(wish.scopes);
    accounts.directory.set_granted(found->id, granted);
  }
  return std::move(*found);
}

Object create_key(Accounts& accounts, const Actor& actor, const Object& in) {
  Fields fields(in);
  auto wish = wish_of(fields, fields.text("name"), {Scope::inference});
  const auto rate = fields.number_if_any("requests_per_minute", 1, rate_most);
  const auto owner = owner_for_key(accounts, actor, fields, wish);
  fields.has("tenant");
  fields.done();
  if (owner.kind == Owner::Kind::user && actor.user != 0 && actor.user != owner.id) {
    fail_field(Code::invalid, "user", "user: people make their keys themselves; others are made for service accounts");
  }
  wish.owner = owner.id;
  wish.maker = actor.user;
  bind_to_maker(accounts, actor, wish);
  auto key = made(accounts, owner.id, wish.name, accounts.keys.create(wish));
  limit(accounts, key, rate);
  return key;
}

Object list_keys(Accounts& accounts, const Actor& actor, const Object& in) {
  Fields fields(in);
  std::optional<Owner> owner;
  if (fields.has("user")) owner = owner_of(accounts, actor, fields);
  const bool one_tenant = fields.has("tenant") || actor.tenant != home_tenant;
  const auto tenant = one_tenant ? tenant_of(accounts, actor, fields).id : 0;
  const auto after = fields.number_if_any("after", 0, std::int64_t{1} << 60).value_or(0);
  const auto limit = static_cast<std::size_t>(fields.number_if_any("limit", 1, page_most).value_or(page_most));
  fields.done();
  auto found = accounts.keys.list_where([&](const Key& key) {
    return !key.is_certificate() && key.id > after && (!owner || key.owner == owner->id) &&
           (tenant == 0 || accounts.directory.tenant_of(key.owner) == tenant);
  });
  const bool more = found.size() > limit;
  if (more) found.resize(limit);
  Array keys;
  for (const auto& key : found) keys.emplace_back(shown(accounts, key));
  return {{"keys", std::move(keys)}, {"more", more}};
}

Object show_key(Accounts& accounts, const Actor& actor, const Object& in) {
  Fields fields(in);
  const auto key = key_of(accounts, actor, fields);
  fields.done();
  return shown(accounts, key);
}

Object rotate(Accounts& accounts, const Actor& actor, Fields& fields, const Key& key) {
  if (!actor.scopes.has_all(key.scopes)) {
    fail_field(Code::invalid, "scopes", "scopes: a key carries no more than its maker has, here: {}",
               actor.scopes.text());
  }
  if (actor.key_id > 0 && actor.key_id != key.id) {
    KeyWish wish{.name = {}, .scopes = {}, .models = key.models, .addresses = key.addresses, .expires = key.expires};
    bind_to_maker(accounts, actor, wish);
    if (wish.models != key.models || wish.addresses != key.addresses || wish.expires != key.expires) {
      fail_field(Code::invalid, "key", "key: it may do more than the key that asks");
    }
  }
  const auto overlap = fields.number_if_any("overlap_s", 0, overlap_most_s).value_or(overlap_s);
  fields.done();
  auto text = accounts.keys.rotate(key.id, actor.user, accounts.clock() + overlap);
  return made(accounts, key.owner, key.name, std::move(text));
}

Object rotate_key(Accounts& accounts, const Actor& actor, const Object& in) {
  Fields fields(in);
  const auto key = key_of(accounts, actor, fields);
  const auto owner = accounts.directory.owner(key.owner);
  if (owner.kind == Owner::Kind::user && actor.user != 0 && actor.user != owner.id) {
    fail_field(Code::invalid, "user", "user: people rotate their keys themselves");
  }
  return rotate(accounts, actor, fields, key);
}

Object revoke_key(Accounts& accounts, const Actor& actor, const Object& in) {
  Fields fields(in);
  const auto key = key_of(accounts, actor, fields);
  fields.done();
  accounts.keys.revoke(key.id);
  return shown(accounts, accounts.keys.key(key.id));
}

Object revoke_leaked(Accounts& accounts, const Actor& actor, const Object& in) {
  Fields fields(in);
  const auto prefix = fields.text("prefix");
  fields.done();
  Array keys;
  for (const auto& key : accounts.keys.revoke_leaked(
           prefix, [&](const Key& one) { return actor.reaches(accounts.directory.tenant_of(one.owner)); })) {
    keys.emplace_back(shown(accounts, accounts.keys.key(key.id)));
  }
  return {{"keys", std::move(keys)}};
}

/// The actor's own, by the field "key".
Key own_key(Accounts& accounts, const Actor& actor, Fields& fields) {
  const auto wanted = fields.reference_if_any("key");
  for (auto& key : accounts.keys.list(actor.user)) {
    if (wanted && !key.is_certificate() &&
        (key.id == wanted->id || (wanted->id == 0 && key.name == wanted->name && !key.revoked && !key.replaced)))
      return key;
  }
  fail_field(Code::not_found, "key", "key: there is no such key in use");
}

Object list_own(Accounts& accounts, const Actor& actor, const Object& in) {
  Fields(in).done();
  Array keys;
  for (const auto& key : accounts.keys.list(actor.user)) {
    if (!key.is_certificate()) keys.emplace_back(shown(accounts, key));
  }
  return {{"keys", std::move(keys)}};
}

Object create_own(Accounts& accounts, const Actor& actor, const Object& in) {
  Fields fields(in);
  auto wish = wish_of(fields, fields.text("name"), {Scope::inference});
  const auto rate = fields.number_if_any("requests_per_minute", 1, rate_most);
  fields.done();
  // Also no more than the credential that makes it.
  if (!actor.scopes.has_all(wish.scopes)) {
    fail_field(Code::invalid, "scopes", "scopes: a key carries no more than its maker has, here: {}",
               actor.scopes.text());
  }
  wish.owner = wish.maker = actor.user;
  bind_to_maker(accounts, actor, wish);
  auto key = made(accounts, actor.user, wish.name, accounts.keys.create(wish));
  limit(accounts, key, rate);
  return key;
}

Object rotate_own(Accounts& accounts, const Actor& actor, const Object& in) {
  Fields fields(in);
  const auto key = own_key(accounts, actor, fields);
  return rotate(accounts, actor, fields, key);
}

Object revoke_own(Accounts& accounts, const Actor& actor, const Object& in) {
  Fields fields(in);
  const auto key = own_key(accounts, actor, fields);
  fields.done();
  accounts.keys.revoke(key.id);
  return shown(accounts, accounts.keys.key(key.id));
}

constexpr Action rows[] = {
    {"key.list", Scope::directory, false, list_keys},    {"key.show", Scope::directory, false, show_key},
    {"key.create", Scope::people, true, create_key},     {"key.rotate", Scope::people, true, rotate_key},
    {"key.revoke", Scope::security, true, revoke_key},   {"key.revoke_leaked", Scope::security, true, revoke_leaked},
    {"me.key.list", Scope::account, false, list_own},    {"me.key.create", Scope::account, true, create_own},
    {"me.key.rotate", Scope::account, true, rotate_own}, {"me.key.revoke", Scope::account, true, revoke_own},
};

}  // namespace

std::span<const Action> key_actions() { return rows; }

}  // namespace cofre::accounts
