#pragma once

#include <vector>

#include "accounts/vouched_users.h"
#include "config/config.h"
#include "ldap/client.h"
#include "oidc/provider.h"

namespace cofre::app {

/// [ldap], as the client of the directory takes it.
ldap::Options ldap_options(const config::Config& config);
/// [oidc], as the client of the provider takes it.
oidc::Options oidc_options(const config::Config& config);
/// [[ldap.group]] or [[oidc.group]].
std::vector<accounts::VouchedUsers::Group> groups_of(const std::vector<config::Group>& groups);

}  // namespace cofre::app
