#include "accounts/person_name.h"

namespace cofre::accounts {

std::string person_name(const Directory& directory, std::int64_t owner) {
  const auto found = directory.find_owner(owner);
  if (!found) return {};
  if (found->tenant == home_tenant) return found->name;
  const auto tenant = directory.find_tenant(found->tenant);
  return (tenant ? tenant->name : std::string()) + "/" + found->name;
}

}  // namespace cofre::accounts
