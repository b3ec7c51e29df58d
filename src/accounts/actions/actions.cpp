#include "accounts/actions/actions.h"

#include <vector>

#include "accounts/actions/rows.h"
#include "base/error.h"

namespace cofre::accounts {

std::span<const Action> actions() {
  static const std::vector<Action> all = [] {
    std::vector<Action> rows;
    for (const auto part : {people_actions(), import_actions(), key_actions(), certificate_actions(), quota_actions(),
                            usage_actions(), sign_in_actions(), passkey_actions()})
      rows.insert(rows.end(), part.begin(), part.end());
    return rows;
  }();
  return all;
}

const Action* find_action(std::string_view name) {
  for (const auto& action : actions()) {
    if (action.name == name) return &action;
  }
  return nullptr;
}

json::Object act(Accounts& accounts, const Actor& actor, std::string_view name, const json::Object& request) {
  const auto* action = find_action(name);
  if (action == nullptr) fail_field(Code::invalid, "do", "do: there is no action \"{}\"", name.substr(0, 64));
  CHECK(actor.scopes.has(action->scope));
  if (!action->changes || !accounts.recorder) return action->run(accounts, actor, request);
  return accounts.recorder(actor, *action, request, [&] { return action->run(accounts, actor, request); });
}

}  // namespace cofre::accounts
