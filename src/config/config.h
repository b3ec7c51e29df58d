#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// cofre.toml: what the box does, one field a setting. Keys, ranges and comments stand in the rows of table.cpp; from
/// them come reading, checking, the commented default file and docs/configuration.md.
namespace cofre::config {

/// A server that speaks OpenAI's API and answers under a model name of this box: [[engine]].
struct Engine {
  std::string name;               ///< the model's name here
  std::vector<std::string> urls;  ///< base addresses with /v1, one a replica
  std::string model;              ///< its name there; empty: the same
  std::string key_file;           ///< a file with its key; empty: none is sent
  std::string ca_file;            ///< trusted beside the system's authorities
  std::int64_t parallel = 32;
  std::int64_t timeout_s = 600;
  std::int64_t probe_s = 30;
  bool operator==(const Engine&) const = default;
};

/// What differs for one local model: [[model]]. What is absent is as in [models].
struct Model {
  std::string name;
  std::optional<std::int64_t> context, kv_memory_mib, sequences, keep_alive_s, threads;
  std::string kv_format;  ///< empty: as in [models]
};

/// A group of people of the company and where it leads: [[ldap.group]], [[oidc.group]].
struct Group {
  std::string name;             ///< as its directory (a DN) or provider writes it; "*": everybody
  std::string tenant = "home";  ///< that its members sign in to
  std::string department;       ///< empty: none that it says
  std::vector<std::string> roles{"user"};
};

/// Every setting with its default.
struct Config {
  // [server]
  std::string listen = "0.0.0.0:8443";
  std::vector<std::string> names;
  std::string certificate_file, certificate_key_file;
  std::string tls_least = "1.2";
  std::string client_ca_file, client_crl_file;
  std::string client_name = "registered";
  std::string client_tenant = "home";
  std::vector<std::string> allowed_hosts, cors_origins;
  std::int64_t threads = 2;
  std::int64_t stop_timeout_s = 20;
  // [limits]
  std::int64_t connections = 10000;
  std::int64_t connections_per_address = 2048;
  std::int64_t header_bytes = 32768;
  std::int64_t body_mib = 32;
  std::int64_t file_mib = 200;
  std::int64_t header_timeout_s = 10;
  std::int64_t body_timeout_s = 60;
  std::int64_t idle_timeout_s = 75;
  std::int64_t write_timeout_s = 30;
  std::int64_t requests_per_key = 256;
  std::int64_t batches_per_key = 64;
  // [accounts]
  bool roles_apart = false;
  std::int64_t password_letters = 12;
  std::int64_t password_history = 5;
  std::int64_t session_idle_min = 30;
  std::int64_t session_hours = 12;
  std::string second_factor = "nobody";
  // [passkeys]
  std::string passkeys_domain;
  std::vector<std::string> passkeys_origins;
  std::string passkeys_user_verification = "preferred";
  bool passkeys_without_password = true;
  // [ldap]
  std::vector<std::string> ldap_urls;
  bool ldap_plain_loopback = false;
  std::string ldap_ca_file;
  std::string ldap_base;
  std::string ldap_user_filter = "(uid={user})";
  std::string ldap_user_dn;
  std::string ldap_bind_dn, ldap_password_file;
  std::string ldap_name_attribute = "uid";
  std::string ldap_group_attribute = "memberOf";
  std::string ldap_group_filter;
  bool ldap_create_users = true;
  std::int64_t ldap_timeout_s = 5;
  // [oidc]
  std::string oidc_issuer;
  std::string oidc_client_id, oidc_client_secret_file;
  std::vector<std::string> oidc_scopes{"openid", "profile", "email"};
  std::string oidc_ca_file;
  std::string oidc_name_claim = "preferred_username";
  std::string oidc_groups_claim = "groups";
  bool oidc_create_users = true;
  std::string oidc_public_url;
  std::string oidc_label = "Company account";
  std::int64_t oidc_timeout_s = 5;
  // [models]
  std::vector<std::string> preload;
  std::string default_model;
  std::map<std::string, std::string> aliases;
  std::int64_t memory_mib = 0;
  std::int64_t keep_alive_s = 1800;
  std::int64_t context = 0;
  std::int64_t kv_memory_mib = 0;
  std::string kv_format = "f16";
  std::int64_t sequences = 64;
  std::int64_t model_threads = 0;
  // [queue]
  std::int64_t queue_length = 256;
  std::int64_t step_ms = 110;
  std::int64_t batch_lines = 8;
  // [workers]
  bool sandbox_required = false;
  std::int64_t start_timeout_s = 120;
  std::int64_t silence_s = 30;
  // [api]
  std::string reasoning_field = "reasoning_content";
  std::int64_t records_days = 30;
  std::int64_t response_mib = 32;
  std::int64_t background_per_key = 16;
  // [audit]
  std::int64_t audit_keep_days = 190;
  // [audit.forward]
  std::string forward_address;
  std::string forward_ca_file, forward_certificate_file, forward_certificate_key_file;
  std::string forward_format = "rfc5424";
  std::int64_t forward_facility = 13;
  std::string forward_app_name = "cofre";
  bool forward_persons = false;
  // [costs]
  std::string costs_currency = "CNY";
  std::int64_t costs_purchase = 0;
  std::int64_t costs_months = 36;
  std::int64_t costs_power_a_month = 0;
  std::int64_t costs_support_a_month = 0;
  // [log]
  std::string log_level = "info";
  std::int64_t log_file_mib = 32;
  std::int64_t log_files = 8;

  std::vector<Engine> engines;
  std::vector<Model> models;
  std::vector<Group> ldap_groups, oidc_groups;
};

/// Who set a value. Later ones win: default, file, local file, environment, command line.
struct Origin {
  enum class Kind : std::uint8_t { standard, file, local, environment, command_line };
  Kind kind = Kind::standard;
  std::string where;  ///< "/path/cofre.toml:12", "COFRE_SERVER_LISTEN", "--listen"; empty for defaults
};

/// A value given on the command line.
struct Given {
  std::string key;       ///< of the setting
  std::string text;      ///< lists are separated by commas
  std::string option;    ///< for the reader: "--listen"
  bool is_item = false;  ///< one more item of a list, commas and all
};

struct Loaded {
  Config config;
  std::map<std::string, Origin, std::less<>> origins;  ///< of every setting, by key: "server.listen"
  std::vector<std::string> notes;                      ///< what looks like a mistake but is none of this program's
};

/// Reads `text` as a cofre.toml; `name` is for messages. Throws Error(invalid, key) naming the line: TOML that is none,
/// unknown keys (with the nearest known one), wrong types, values out of range.
void read_toml(Loaded& into, std::string_view text, const std::string& name, Origin::Kind kind = Origin::Kind::file);
/// Reads COFRE_SECTION_KEY variables out of `environment` ("NAME=value"). Throws Error(invalid, key).
void read_environment(Loaded& into, const std::vector<std::string>& environment);
/// One value. Throws Error(invalid, key).
void read_given(Loaded& into, const Given& given);

/// All of it: defaults, the file and the local file beside it (both may be absent), this process's environment, the
/// command line; then checks what concerns several settings. The effective configuration.
Loaded load(const std::filesystem::path& file, const std::vector<Given>& given = {});

/// DIR/cofre.toml.
std::filesystem::path file_in(const std::filesystem::path& data_directory);

/// DIR/settings.toml: what administrators changed while the box ran.
std::filesystem::path local_file_in(const std::filesystem::path& data_directory);
/// Whether the local file may say a setting: not who may sign in, what is recorded, or which files are read.
bool is_local(std::string_view key);
struct LocalChange {
  using Value = std::variant<std::string, std::int64_t, bool, std::vector<std::string>>;
  std::map<std::string, Value, std::less<>> set{};
  std::vector<std::string> reset{};                             ///< no longer said there
  std::optional<std::map<std::string, std::string>> aliases{};  ///< all that are said there
};
/// The text of the local file, changed. Throws Error(invalid, key).
std::string changed_local(std::string_view text, const LocalChange& change);

/// A cofre.toml in which every setting stands as a comment with its default.
std::string default_file();
/// docs/configuration.md.
std::string documentation();

/// An effective value as TOML writes it, and where it came from; in the order of the table.
struct Shown {
  std::string key, value;
  Origin origin;
};
std::vector<Shown> show(const Loaded& loaded);
/// For the reader: "default", "/path/cofre.toml:12", "COFRE_SERVER_LISTEN", "--listen".
std::string name_of(const Origin& origin);

}  // namespace cofre::config
