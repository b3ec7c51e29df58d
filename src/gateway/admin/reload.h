#pragma once

#include "gateway/services.h"

namespace cofre::gateway::admin {

/// POST /admin/v1/reload: {"changed": [keys of settings], "after_restart": [keys]}.
void reload(Services& services, Call&& call);

}  // namespace cofre::gateway::admin
