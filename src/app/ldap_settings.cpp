#include "app/ldap_settings.h"

namespace cofre::app {

ldap::Options ldap_options(const config::Config& config) {
  return {.urls = config.ldap_urls,
          .plain_loopback = config.ldap_plain_loopback,
          .ca_file = config.ldap_ca_file,
          .base = config.ldap_base,
          .user_filter = config.ldap_user_filter,
          .user_dn = config.ldap_user_dn,
          .bind_dn = config.ldap_bind_dn,
          .password_file = config.ldap_password_file,
          .name_attribute = config.ldap_name_attribute,
          .group_attribute = config.ldap_group_attribute,
          .group_filter = config.ldap_group_filter,
          .timeout = std::chrono::seconds(config.ldap_timeout_s)};
}

std::vector<accounts::VouchedUsers::Group> ldap_groups(const config::Config& config) {
  std::vector<accounts::VouchedUsers::Group> groups;
  for (const auto& group : config.ldap_groups) {
    groups.push_back({group.name, group.tenant, group.department, accounts::Roles::parse(group.roles)});
  }
  return groups;
}

}  // namespace cofre::app
