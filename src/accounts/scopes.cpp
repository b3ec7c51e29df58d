#include "accounts/scopes.h"

#include <algorithm>
#include <array>

#include "accounts/names.h"
#include "base/error.h"

namespace cofre::accounts {
namespace {

constexpr std::array<std::pair<Scope, std::string_view>, 9> table{{
    {Scope::inference, "inference"},
    {Scope::account, "account"},
    {Scope::metrics, "metrics"},
    {Scope::admin, "admin"},
    {Scope::directory, "directory"},
    {Scope::people, "people"},
    {Scope::security, "security"},
    {Scope::usage, "usage"},
    {Scope::audit, "audit"},
}};

std::string known_names() {
  std::string text;
  for (const auto& [scope, name] : table) text += (text.empty() ? "" : ", ") + std::string(name);
  return text;
}

}  // namespace

std::string_view name_of(Scope scope) {
  for (const auto& [known, name] : table) {
    if (known == scope) return name;
  }
  CHECK(false);
  return {};
}

Scopes Scopes::all() {
  Scopes scopes;
  for (const auto& [scope, name] : table) scopes.add(scope);
  return scopes;
}

Scopes Scopes::parse(const std::vector<std::string>& names) {
  Scopes scopes;
  for (const auto& given : names) {
    const auto found = std::find_if(table.begin(), table.end(), [&](const auto& row) { return row.second == given; });
    if (found == table.end()) {
      fail_field(Code::invalid, "scope", "scope: \"{}\" is none of {}", given, known_names());
    }
    scopes.add(found->first);
  }
  if (scopes.is_empty()) fail_field(Code::invalid, "scope", "scope: at least one is needed");
  return scopes;
}

Scopes Scopes::parse(std::string_view text) { return parse(words_of(text)); }

std::vector<std::string> Scopes::names() const {
  std::vector<std::string> names;
  for (const auto& [scope, name] : table) {
    if (has(scope)) names.emplace_back(name);
  }
  return names;
}

std::string Scopes::text() const {
  std::string text;
  for (const auto& name : names()) text += (text.empty() ? "" : " ") + name;
  return text;
}

}  // namespace cofre::accounts
