#include "gateway/admin/reload.h"

#include <utility>

#include "base/error.h"
#include "gateway/admin/home.h"

namespace cofre::gateway::admin {

void reload(Services& services, Call&& call) {
  if (!services.settings.reload) fail(Code::unsupported, "this box reads its settings at its start alone");
  for_home(services, std::move(call),
           [](Services& with, Call& at) { return with.settings.reload(person(with, at), at.request.peer); });
}

}  // namespace cofre::gateway::admin
