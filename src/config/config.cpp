#include "config/config.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "base/error.h"
#include "config/table.h"

namespace cofre::config {
namespace {

constexpr std::size_t file_bytes_max = 1 << 20;

std::optional<std::string> read_file(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return std::nullopt;
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) fail(Code::unavailable, "cannot read {}", path.string());
  if (text.view().size() > file_bytes_max) fail(Code::invalid, "{} is larger than 1 MiB", path.string());
  return std::move(text).str();
}

std::vector<std::string> process_environment() {
  std::vector<std::string> entries;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) entries.emplace_back(*entry);
  return entries;
}

void check_ldap(const Config& config) {
  if (config.ldap_bind_dn.empty() != config.ldap_password_file.empty()) {
    fail_field(Code::invalid, "ldap.bind_dn", "ldap.bind_dn and ldap.password_file are given together or not at all");
  }
  if (config.ldap_urls.empty()) return;
  if (config.ldap_base.empty() && (config.ldap_user_dn.empty() || !config.ldap_group_filter.empty())) {
    fail_field(Code::invalid, "ldap.base", "ldap.base is missing: a search needs it");
  }
  if (config.ldap_user_dn.empty() && config.ldap_user_filter.empty()) {
    fail_field(Code::invalid, "ldap.user_filter", "ldap.user_filter and ldap.user_dn are both empty");
  }
  if (config.ldap_groups.empty()) {
    fail_field(Code::invalid, "ldap.group", "ldap.urls without a [[ldap.group]]: nobody of the directory would get in");
  }
}

void check_oidc(const Config& config) {
  if (config.oidc_issuer.empty()) return;
  if (config.oidc_client_id.empty()) {
    fail_field(Code::invalid, "oidc.client_id", "oidc.client_id is missing: the provider gives it to this box");
  }
  if (std::find(config.oidc_scopes.begin(), config.oidc_scopes.end(), "openid") == config.oidc_scopes.end()) {
    fail_field(Code::invalid, "oidc.scopes", "oidc.scopes: openid is missing");
  }
  if (config.oidc_groups.empty()) {
    fail_field(Code::invalid, "oidc.group",
               "oidc.issuer without a [[oidc.group]]: nobody of the provider would get in");
  }
}

void check_together(const Config& config) {
  if (config.certificate_file.empty() != config.certificate_key_file.empty()) {
    fail_field(Code::invalid, "server.certificate_file",
               "server.certificate_file and server.certificate_key_file are given together or not at all");
  }
  if (config.forward_certificate_file.empty() != config.forward_certificate_key_file.empty()) {
    fail_field(Code::invalid, "audit.forward.certificate_file",
               "audit.forward.certificate_file and audit.forward.certificate_key_file are given together or not at "
               "all");
  }
  if (config.connections_per_address > config.connections) {
    fail_field(Code::invalid, "limits.connections_per_address",
               "limits.connections_per_address ({}) is more than limits.connections ({})",
               config.connections_per_address, config.connections);
  }
  check_ldap(config);
  check_oidc(config);
  for (const auto& engine : config.engines) {
    if (config.aliases.contains(engine.name)) {
      fail_field(Code::invalid, "engine", "{} is an alias and the name of an [[engine]]", engine.name);
    }
  }
}

}  // namespace

std::filesystem::path file_in(const std::filesystem::path& data_directory) { return data_directory / "cofre.toml"; }

std::filesystem::path local_file_in(const std::filesystem::path& data_directory) {
  return data_directory / "settings.toml";
}

Loaded load(const std::filesystem::path& file, const std::vector<Given>& given) {
  Loaded loaded;
  if (const auto text = read_file(file)) read_toml(loaded, *text, file.string());
  const auto local = local_file_in(file.parent_path());
  if (const auto text = read_file(local)) read_toml(loaded, *text, local.string(), Origin::Kind::local);
  read_environment(loaded, process_environment());
  for (const auto& one : given) read_given(loaded, one);
  check_together(loaded.config);
  return loaded;
}

std::string name_of(const Origin& origin) { return origin.kind == Origin::Kind::standard ? "default" : origin.where; }

}  // namespace cofre::config
