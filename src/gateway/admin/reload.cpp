#include "gateway/admin/reload.h"

#include <utility>

#include "accounts/person_name.h"
#include "base/error.h"
#include "gateway/desk.h"

namespace cofre::gateway::admin {

void reload(Services& services, Call&& call) {
  if (!services.settings.reload) fail(Code::unsupported, "this box reads its settings at its start alone");
  at_desk(services.office, std::move(call), [&services](Call&& asked) {
    asked.answer(json::dump(services.settings.reload(
        accounts::person_name(services.accounts.directory, asked.caller->user), asked.request.peer)));
  });
}

}  // namespace cofre::gateway::admin
