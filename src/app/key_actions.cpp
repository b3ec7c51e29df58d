#include "app/key_actions.h"

#include "base/error.h"

namespace cofre::app {
namespace {

json::Value time_or_null(const std::optional<std::int64_t>& time) {
  return time ? json::Value(*time) : json::Value(nullptr);
}

json::Object create(accounts::Keys& keys, const json::Object& request) {
  std::vector<std::string> scopes;
  for (const auto& scope : json::array_at(request, "scopes")) {
    if (!scope.is_string()) fail_field(Code::invalid, "scopes", "scopes: must be names");
    scopes.emplace_back(scope.get_string());
  }
  std::optional<std::int64_t> expires;
  if (request.contains("expires")) {
    expires = static_cast<std::int64_t>(json::unsigned_at(request, "expires", std::uint64_t{1} << 40));
  }
  const auto name = json::string_at(request, "name");
  auto text = keys.create(name, accounts::Scopes::parse(scopes), expires);
  return {{"name", name}, {"key", std::move(text)}};
}

json::Object list(const accounts::Keys& keys) {
  json::Array all;
  for (const auto& key : keys.list()) {
    json::Array scopes;
    for (const auto& scope : key.scopes.names()) scopes.emplace_back(scope);
    all.push_back(json::Object{{"name", key.name},
                               {"prefix", key.prefix},
                               {"scopes", std::move(scopes)},
                               {"created", key.created},
                               {"expires", time_or_null(key.expires)},
                               {"revoked", time_or_null(key.revoked)}});
  }
  return {{"keys", std::move(all)}};
}

}  // namespace

json::Object key_action(accounts::Keys& keys, const json::Object& request) {
  const auto what = json::string_at(request, "do");
  if (what == "key.create") return create(keys, request);
  if (what == "key.list") return list(keys);
  if (what == "key.revoke") {
    const auto name = json::string_at(request, "name");
    keys.revoke(name);
    return {{"name", name}};
  }
  fail_field(Code::invalid, "do", "do: there is no action \"{}\"", what);
}

}  // namespace cofre::app
