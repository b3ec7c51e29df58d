#pragma once

#include <cstdint>
#include <string>

#include "accounts/directory.h"

namespace cofre::accounts {

/// Who an owner is in the audit trail: the name, behind "TENANT/" where the tenant is not home. Deleted ones keep
/// theirs; empty: there is no such owner.
std::string person_name(const Directory& directory, std::int64_t owner);

}  // namespace cofre::accounts
