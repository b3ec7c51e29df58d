#include "accounts/scopes.h"

#include <array>

#include "base/error.h"

namespace cofre::accounts {
namespace {

constexpr std::array all{Scope::inference, Scope::metrics, Scope::admin};

}  // namespace

std::string_view name_of(Scope scope) {
  switch (scope) {
    case Scope::inference: return "inference";
    case Scope::metrics: return "metrics";
    case Scope::admin: return "admin";
  }
  CHECK(false);
  return {};
}

Scopes Scopes::parse(const std::vector<std::string>& names) {
  Scopes scopes;
  for (const auto& name : names) {
    bool known = false;
    for (const Scope scope : all) {
      if (name != name_of(scope)) continue;
      scopes.add(scope);
      known = true;
    }
    if (!known) fail_field(Code::invalid, "scope", "scope: \"{}\" is none of inference, metrics, admin", name);
  }
  if (scopes == Scopes{}) fail_field(Code::invalid, "scope", "scope: a key needs at least one");
  return scopes;
}

Scopes Scopes::parse(std::string_view text) {
  std::vector<std::string> names;
  while (!text.empty()) {
    const auto space = std::min(text.find(' '), text.size());
    if (space > 0) names.emplace_back(text.substr(0, space));
    text.remove_prefix(std::min(space + 1, text.size()));
  }
  return parse(names);
}

std::vector<std::string> Scopes::names() const {
  std::vector<std::string> names;
  for (const Scope scope : all) {
    if (has(scope)) names.emplace_back(name_of(scope));
  }
  return names;
}

std::string Scopes::text() const {
  std::string text;
  for (const auto& name : names()) text += (text.empty() ? "" : " ") + name;
  return text;
}

}  // namespace cofre::accounts
