#include "app/sign_in_settings.h"

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

oidc::Options oidc_options(const config::Config& config) {
  return {.issuer = config.oidc_issuer,
          .client_id = config.oidc_client_id,
          .client_secret_file = config.oidc_client_secret_file,
          .scopes = config.oidc_scopes,
          .ca_file = config.oidc_ca_file,
          .name_claim = config.oidc_name_claim,
          .groups_claim = config.oidc_groups_claim,
          .timeout = std::chrono::seconds(config.oidc_timeout_s)};
}

std::vector<accounts::VouchedUsers::Group> groups_of(const std::vector<config::Group>& groups) {
  std::vector<accounts::VouchedUsers::Group> made;
  for (const auto& group : groups) {
    made.push_back({group.name, group.tenant, group.department, accounts::Roles::parse(group.roles)});
  }
  return made;
}

}  // namespace cofre::app
