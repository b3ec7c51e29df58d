#include "gateway/admin/home.h"

namespace cofre::gateway::admin {

std::string person(const Services& services, const Call& call) {
  return accounts::person_name(services.accounts.directory, call.caller->user);
}

}  // namespace cofre::gateway::admin
