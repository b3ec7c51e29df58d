#pragma once

#include <vector>

#include "accounts/ldap_users.h"
#include "config/config.h"
#include "ldap/client.h"

namespace cofre::app {

/// [ldap], as the client of the directory takes it.
ldap::Options ldap_options(const config::Config& config);
/// [[ldap.group]].
std::vector<accounts::VouchedUsers::Group> ldap_groups(const config::Config& config);

}  // namespace cofre::app
