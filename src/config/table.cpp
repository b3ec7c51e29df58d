#include "config/table.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include "base/error.h"

namespace cofre::config {
namespace {

bool is_host_and_port(std::string_view text) {
  const auto colon = text.rfind(':');
  unsigned port = 0;
  const auto digits = colon == text.npos ? std::string_view{} : text.substr(colon + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  const bool is_port = error == std::errc() && end == digits.data() + digits.size() && port <= 65535;
  const auto host = text.substr(0, is_port ? colon : 0);
  return !host.empty() && (host.find(':') == host.npos || (host.front() == '[' && host.back() == ']'));
}

std::optional<std::string> check_listen(std::string_view text) {
  if (is_host_and_port(text)) return std::nullopt;
  return "must be ADDRESS:PORT, like 0.0.0.0:8443 or [::]:8443";
}

std::optional<std::string> check_collector(std::string_view text) {
  if (text.empty() || is_host_and_port(text)) return std::nullopt;
  return "must be HOST:PORT, like siem.example:6514, or empty";
}

/// APP-NAME of RFC 5424 §6.
std::optional<std::string> check_app_name(std::string_view text) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) { return c >= '!' && c <= '~'; });
  if (!text.empty() && plain && text.size() <= 48) return std::nullopt;
  return "must be 1 to 48 letters of ASCII without spaces";
}

std::optional<std::string> check_url(std::string_view text) {
  if (text.starts_with("http://") || text.starts_with("https://")) return std::nullopt;
  return "must begin with http:// or https://";
}

std::optional<std::string> check_ldap_url(std::string_view text) {
  const auto slashes = text.find("://");
  const auto scheme = text.substr(0, slashes);
  const auto host = slashes == text.npos ? std::string_view{} : text.substr(slashes + 3);
  const bool is_host = !host.empty() && host.front() != ':' && std::all_of(host.begin(), host.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view(".-:[]").find(c) != std::string_view::npos;
  });
  if ((scheme == "ldap" || scheme == "ldaps") && is_host) return std::nullopt;
  return "must be ldaps://HOST, ldaps://HOST:PORT or the same with ldap://";
}

/// OpenID Connect Core §2: https, and no query or fragment. Empty: none is set.
std::optional<std::string> check_https(std::string_view text) {
  const bool is_plain = std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c <= '~' && std::string_view("?#@\\\"").find(c) == std::string_view::npos;
  });
  if (text.empty() || (text.starts_with("https://") && text.size() > 8 && text[8] != '/' && is_plain)) {
    return std::nullopt;
  }
  return "must be an address like https://sign-in.example.org, without ? and #";
}

std::optional<std::string> check_user_pattern(std::string_view text) {
  if (text.empty() || text.find("{user}") != text.npos) return std::nullopt;
  return "must hold {user}";
}

std::optional<std::string> check_group_pattern(std::string_view text) {
  if (text.find("{dn}") != text.npos) return std::nullopt;
  return check_user_pattern(text);
}

std::optional<std::string> check_group(std::string_view text) {
  if (text == "*" || text.find('=') != text.npos) return std::nullopt;
  return "must be the whole name of a group, like cn=ai,ou=groups,dc=example,dc=org, or *";
}

std::optional<std::string> check_role(std::string_view text) {
  constexpr std::array<std::string_view, 5> roles{"user", "operator", "system_administrator", "security_administrator",
                                                  "auditor"};
  if (std::find(roles.begin(), roles.end(), text) != roles.end()) return std::nullopt;
  return "is none of user, operator, system_administrator, security_administrator, auditor";
}

std::optional<std::string> check_word(std::string_view text) {
  const bool plain =
      std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f; });
  if (!text.empty() && plain && text.size() <= 256) return std::nullopt;
  return "must be a word of at most 256 bytes without spaces";
}

/// What a browser takes for an RP id: compared as it is written.
std::optional<std::string> check_domain(std::string_view text) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
  if (plain && !text.starts_with('.')) return std::nullopt;
  return "must be a domain in small letters, like example.org";
}

std::optional<std::string> check_currency(std::string_view text) {
  if (text.size() == 3 && std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; }))
    return std::nullopt;
  return "must be a currency of ISO 4217, like CNY";
}

constexpr std::int64_t day_s = 86400;

constexpr std::array config_rows{
    Row<Config>{"server.listen", &Config::listen, "Address and port that clients connect to.", 0, 0, {}, check_listen},
    Row<Config>{"server.names",
                &Config::names,
                "Names and addresses that the box's own certificate is made for, beside this machine's name and "
                "addresses.",
                0,
                0,
                {},
                check_word},
    Row<Config>{"server.certificate_file", &Config::certificate_file,
                "A company certificate with its chain (PEM). Empty: the box's own authority signs one."},
    Row<Config>{"server.certificate_key_file", &Config::certificate_key_file,
                "The private key of certificate_file (PEM)."},
    Row<Config>{"server.tls_least", &Config::tls_least, "Oldest TLS version that is spoken.", 0, 0, "1.2|1.3"},
    Row<Config>{"server.client_ca_file", &Config::client_ca_file,
                "Authorities (PEM) whose certificates clients may show in place of a key. Empty: none is asked for."},
    Row<Config>{"server.client_crl_file", &Config::client_crl_file,
                "Revoked certificates (CRL, PEM): one list of each authority that signs clients'. Read again when the "
                "file changes. Empty: none is looked at."},
    Row<Config>{"server.client_name", &Config::client_name,
                "Whose a client's certificate is: only who registered it, or also the user or service account who is "
                "called as its common name, or as an address of mail in it.",
                0, 0, "registered|common_name|email"},
    Row<Config>{"server.client_tenant", &Config::client_tenant,
                "The tenant of those whom client_name finds by a name."},
    Row<Config>{"server.allowed_hosts",
                &Config::allowed_hosts,
                "Host names that requests may carry, beside those of the certificate.",
                0,
                0,
                {},
                check_word},
    Row<Config>{"server.cors_origins",
                &Config::cors_origins,
                "Web pages of these origins may call the API from a browser. Empty: none.",
                0,
                0,
                {},
                check_url},
    Row<Config>{"server.threads", &Config::threads, "Threads that move bytes between clients and models.", 1, 64},
    Row<Config>{"server.stop_timeout_s", &Config::stop_timeout_s,
                "How long running answers may take to end when the box is stopped.", 0, 3600},

    Row<Config>{"limits.connections", &Config::connections, "Open connections in all.", 1, 1'000'000},
    Row<Config>{"limits.connections_per_address", &Config::connections_per_address, "Open connections of one address.",
                1, 1'000'000},
    Row<Config>{"limits.header_bytes", &Config::header_bytes, "Bytes of a request's line and headers.", 1024, 1 << 20},
    Row<Config>{"limits.body_mib", &Config::body_mib, "MiB of a request's body.", 1, 4096},
    Row<Config>{"limits.file_mib", &Config::file_mib, "MiB of an uploaded file.", 1, 65536},
    Row<Config>{"limits.header_timeout_s", &Config::header_timeout_s, "Seconds a request's headers may take.", 1, 3600},
    Row<Config>{"limits.body_timeout_s", &Config::body_timeout_s, "Seconds a request's body may take.", 1, 3600},
    Row<Config>{
        "limits.idle_timeout_s", &Config::idle_timeout_s,
        "Seconds a connection is kept between requests, and a WebSocket whose client is silent and answers no ping.", 1,
        3600},
    Row<Config>{"limits.write_timeout_s", &Config::write_timeout_s,
                "Seconds a client may leave its answer unread before it is cut.", 1, 3600},
    Row<Config>{"limits.requests_per_key", &Config::requests_per_key, "Requests of one key that run or wait at once.",
                1, 100'000},
    Row<Config>{"limits.batches_per_key", &Config::batches_per_key, "Batches of one key that run or wait.", 1, 10'000},

    Row<Config>{"accounts.roles_apart", &Config::roles_apart,
                "Nobody may hold two of system administrator, security administrator and auditor."},
    Row<Config>{"accounts.password_letters", &Config::password_letters, "Letters of a password, at least.", 8, 128},
    Row<Config>{"accounts.password_history", &Config::password_history,
                "Of the last so many passwords none is taken again.", 0, 50},
    Row<Config>{"accounts.session_idle_min", &Config::session_idle_min,
                "Minutes after which a session ends that is not used.", 1, 1440},
    Row<Config>{"accounts.session_hours", &Config::session_hours, "Hours after which a session ends in any case.", 1,
                720},
    Row<Config>{"accounts.second_factor", &Config::second_factor, "Who must sign in with a second factor.", 0, 0,
                "nobody|administrators|everybody"},

    Row<Config>{"passkeys.domain",
                &Config::passkeys_domain,
                "The domain that passkeys are bound to, which the box's names are or end with: example.org. Empty: the "
                "host name by which a page was opened.",
                0,
                0,
                {},
                check_domain},
    Row<Config>{"passkeys.origins",
                &Config::passkeys_origins,
                "Pages of these origins alone may ask for passkeys: https://box.example.org:8443. Empty: those of the "
                "host name by which the box was asked.",
                0,
                0,
                {},
                check_url},
    Row<Config>{"passkeys.user_verification", &Config::passkeys_user_verification,
                "Whether a passkey beside a password must verify its user by PIN, finger or face.", 0, 0,
                "preferred|required"},
    Row<Config>{"passkeys.without_password", &Config::passkeys_without_password,
                "A passkey that verifies its user signs in without a password."},

    Row<Config>{
        "ldap.urls",
        &Config::ldap_urls,
        "Servers of the company's directory, in the order in which they are asked: ldaps://HOST, or ldap://HOST, "
        "where StartTLS is demanded. Empty: there is none.",
        0,
        0,
        {},
        check_ldap_url},
    Row<Config>{"ldap.plain_loopback", &Config::ldap_plain_loopback,
                "ldap:// to 127.0.0.1, [::1] or localhost goes without TLS."},
    Row<Config>{"ldap.ca_file", &Config::ldap_ca_file,
                "The authority (PEM) of the servers' certificates. Empty: the system's."},
    Row<Config>{"ldap.base", &Config::ldap_base, "Below which users and groups are looked for: dc=example,dc=org."},
    Row<Config>{"ldap.user_filter",
                &Config::ldap_user_filter,
                "Finds the user who signs in as {user}. Active Directory: (sAMAccountName={user}).",
                0,
                0,
                {},
                check_user_pattern},
    Row<Config>{"ldap.user_dn",
                &Config::ldap_user_dn,
                "The user's own entry, in place of a search: uid={user},ou=people,dc=example,dc=org.",
                0,
                0,
                {},
                check_user_pattern},
    Row<Config>{"ldap.bind_dn", &Config::ldap_bind_dn, "The account that searches. Empty: the search is anonymous."},
    Row<Config>{"ldap.password_file", &Config::ldap_password_file, "A file that holds the password of bind_dn."},
    Row<Config>{"ldap.name_attribute",
                &Config::ldap_name_attribute,
                "The attribute that is the user's name here. Active Directory: sAMAccountName.",
                0,
                0,
                {},
                check_word},
    Row<Config>{"ldap.group_attribute",
                &Config::ldap_group_attribute,
                "The user's attribute that has the names (DN) of groups.",
                0,
                0,
                {},
                check_word},
    Row<Config>{"ldap.group_filter",
                &Config::ldap_group_filter,
                "Finds further groups of the user whose entry is {dn} and whose name is {user}: (member={dn}). Active "
                "Directory, groups in groups: (member:1.2.840.113556.1.4.1941:={dn}). Empty: they are not searched.",
                0,
                0,
                {},
                check_group_pattern},
    Row<Config>{"ldap.create_users", &Config::ldap_create_users,
                "Who is new here becomes a user at the first sign-in. Otherwise an administrator makes users before."},
    Row<Config>{"ldap.timeout_s", &Config::ldap_timeout_s,
                "Seconds that a server may take for all that it is asked at a sign-in.", 1, 60},

    Row<Config>{
        "oidc.issuer",
        &Config::oidc_issuer,
        "The company's provider of OpenID Connect, as it calls itself: https://sign-in.example.org. Empty: there "
        "is none.",
        0,
        0,
        {},
        check_https},
    Row<Config>{"oidc.client_id", &Config::oidc_client_id, "What the provider calls this box."},
    Row<Config>{
        "oidc.client_secret_file", &Config::oidc_client_secret_file,
        "A file that holds the secret that the provider has given to this box. Empty: it has none (PKCE alone)."},
    Row<Config>{"oidc.scopes", &Config::oidc_scopes, "What is asked for; openid is among it.", 0, 0, {}, check_word},
    Row<Config>{"oidc.ca_file", &Config::oidc_ca_file,
                "The authority (PEM) of the provider's certificate. Empty: the system's."},
    Row<Config>{"oidc.name_claim",
                &Config::oidc_name_claim,
                "The claim that is the user's name here. `email` counts only where the provider has checked it.",
                0,
                0,
                {},
                check_word},
    Row<Config>{"oidc.groups_claim",
                &Config::oidc_groups_claim,
                "The claim that has the names of the user's groups.",
                0,
                0,
                {},
                check_word},
    Row<Config>{"oidc.create_users", &Config::oidc_create_users,
                "Who is new here becomes a user at the first sign-in. Otherwise an administrator makes users before."},
    Row<Config>{
        "oidc.public_url",
        &Config::oidc_public_url,
        "Where browsers reach this box: https://ai.example.org. The provider must know PUBLIC_URL/admin/v1/oidc/"
        "callback. Empty: the address that `cofre status` tells.",
        0,
        0,
        {},
        check_https},
    Row<Config>{"oidc.label", &Config::oidc_label, "What the button says."},
    Row<Config>{"oidc.timeout_s", &Config::oidc_timeout_s, "Seconds that an answer of the provider may take.", 1, 60},

    Row<Config>{"models.preload",
                &Config::preload,
                "Models loaded at start: catalogue names or GGUF files.",
                0,
                0,
                {},
                nullptr},
    Row<Config>{"models.default", &Config::default_model,
                "The model that answers to the name \"default\". Empty: the first of preload, else the first in the "
                "store."},
    Row<Config>{"models.memory_mib", &Config::memory_mib,
                "MiB that all loaded models may take: file, keys and values, scratch. 0: what the machine has, less a "
                "reserve.",
                0, 1 << 24},
    Row<Config>{"models.keep_alive_s", &Config::keep_alive_s,
                "Seconds an idle model stays loaded; preloaded ones stay. -1: until its memory is needed.", -1,
                365 * day_s},
    Row<Config>{"models.context", &Config::context,
                "Tokens of one conversation. 0: what the model was trained for, as far as memory holds it.", 0,
                1 << 24},
    Row<Config>{"models.kv_memory_mib", &Config::kv_memory_mib,
                "MiB for keys and values of a model's conversations. 0: a share of the free memory.", 0, 1 << 24},
    Row<Config>{"models.kv_format", &Config::kv_format, "Keys and values in 16 or 8 bits.", 0, 0, "f16|q8"},
    Row<Config>{"models.sequences", &Config::sequences, "Answers that a model writes at once.", 1, 1024},
    Row<Config>{"models.threads", &Config::model_threads, "Processors that compute. 0: all that this process may use.",
                0, 1024},

    Row<Config>{"queue.length", &Config::queue_length,
                "Requests that may wait for a model; the next is refused with the time to come back.", 0, 100'000},
    Row<Config>{"queue.step_ms", &Config::step_ms,
                "How long one step of a model may take while answers are being written: prompts are cut to fit. Where "
                "several prompts wait, up to four times as long.",
                5, 10'000},
    Row<Config>{"queue.batch_lines", &Config::batch_lines,
                "Requests out of batches that are asked at once, behind everybody who waits.", 1, 1024},

    Row<Config>{"workers.sandbox_required", &Config::sandbox_required,
                "Refuse to load models where the kernel grants less than the whole sandbox."},
    Row<Config>{"workers.start_timeout_s", &Config::start_timeout_s, "Seconds a model may take to load.", 1, 3600},
    Row<Config>{"workers.silence_s", &Config::silence_s,
                "A worker that has work and makes no token for so many seconds is replaced.", 1, 3600},

    Row<Config>{"api.reasoning_field", &Config::reasoning_field, "Where an answer carries the model's thoughts.", 0, 0,
                "reasoning_content|reasoning"},
    Row<Config>{"api.records_days", &Config::records_days, "Days that stored responses, files and batches are kept.", 1,
                3650},
    Row<Config>{"api.response_mib", &Config::response_mib, "MiB of a stored response with its input and its events.", 1,
                256},
    Row<Config>{"api.background_per_key", &Config::background_per_key,
                "Responses of one key that run or wait in the background at once.", 1, 10'000},

    Row<Config>{"audit.keep_days", &Config::audit_keep_days,
                "Days that the audit trail is kept; a legal hold keeps it longer.", 1, 36500},
    Row<Config>{"audit.forward.address",
                &Config::forward_address,
                "A collector of syslog over TLS (HOST:PORT) that gets every record of the audit trail. Empty: none.",
                0,
                0,
                {},
                check_collector},
    Row<Config>{"audit.forward.ca_file", &Config::forward_ca_file,
                "The authority (PEM) that the collector's certificate must come from. Empty: the system's."},
    Row<Config>{"audit.forward.certificate_file", &Config::forward_certificate_file,
                "A certificate with its chain (PEM) that is shown to the collector. Empty: none."},
    Row<Config>{"audit.forward.certificate_key_file", &Config::forward_certificate_key_file,
                "The private key of certificate_file (PEM)."},
    Row<Config>{"audit.forward.format", &Config::forward_format,
                "What a message holds: the record itself with structured data, or ArcSight's Common Event Format.", 0,
                0, "rfc5424|cef"},
    Row<Config>{"audit.forward.facility", &Config::forward_facility,
                "The facility of RFC 5424: 13 is log audit, 16 to 23 are local0 to local7.", 0, 23},
    Row<Config>{"audit.forward.app_name",
                &Config::forward_app_name,
                "The name of the application in a message's head.",
                0,
                0,
                {},
                check_app_name},
    Row<Config>{"audit.forward.persons", &Config::forward_persons,
                "Send names and addresses in clear. What the collector has of a person stays there when the person is "
                "erased here."},

    Row<Config>{"costs.currency",
                &Config::costs_currency,
                "The currency of what this box costs, by which usage is compared with a cloud's prices.",
                0,
                0,
                {},
                check_currency},
    Row<Config>{"costs.purchase", &Config::costs_purchase, "What the machine was bought for. 0 in all: not compared.",
                0, 1'000'000'000},
    Row<Config>{"costs.months", &Config::costs_months, "Months over which that is spread.", 1, 240},
    Row<Config>{"costs.power_a_month", &Config::costs_power_a_month, "Power and cooling, a month.", 0, 1'000'000'000},
    Row<Config>{"costs.support_a_month", &Config::costs_support_a_month, "Support and people, a month.", 0,
                1'000'000'000},

    Row<Config>{"log.level", &Config::log_level, "What is logged: this and what is graver.", 0, 0,
                "debug|info|warning|error"},
    Row<Config>{"log.file_mib", &Config::log_file_mib, "MiB of a log file before the next is begun.", 1, 4096},
    Row<Config>{"log.files", &Config::log_files, "Log files that are kept.", 1, 1000},
};

constexpr std::array engine_table{
    Row<Engine>{"name", &Engine::name, "The model's name here. Must be given.", 0, 0, {}, check_word},
    Row<Engine>{"urls", &Engine::urls, "Base addresses with /v1, one a replica. Must be given.", 0, 0, {}, check_url},
    Row<Engine>{"model", &Engine::model, "The model's name there. Empty: the same."},
    Row<Engine>{"key_file", &Engine::key_file, "A file that holds the key to send. Empty: none."},
    Row<Engine>{"ca_file", &Engine::ca_file, "An authority (PEM) trusted beside the system's."},
    Row<Engine>{"parallel", &Engine::parallel, "Requests sent to one replica at once.", 1, 100'000},
    Row<Engine>{"timeout_s", &Engine::timeout_s, "Seconds between two pieces of an answer.", 1, 86400},
    Row<Engine>{"probe_s", &Engine::probe_s, "Seconds between two checks that it still makes tokens.", 1, 3600},
};

constexpr std::array model_table{
    Row<Model>{"name", &Model::name, "The model's name. Must be given.", 0, 0, {}, check_word},
    Row<Model>{"context", &Model::context, "As models.context.", 0, 1 << 24},
    Row<Model>{"kv_memory_mib", &Model::kv_memory_mib, "As models.kv_memory_mib.", 0, 1 << 24},
    Row<Model>{"kv_format", &Model::kv_format, "As models.kv_format.", 0, 0, "f16|q8"},
    Row<Model>{"sequences", &Model::sequences, "As models.sequences.", 1, 1024},
    Row<Model>{"keep_alive_s", &Model::keep_alive_s, "As models.keep_alive_s.", -1, 365 * day_s},
    Row<Model>{"threads", &Model::threads, "As models.threads.", 0, 1024},
};

constexpr auto group_table(std::string_view comment, TextCheck check) {
  return std::array{
      Row<Group>{"name", &Group::name, comment, 0, 0, {}, check},
      Row<Group>{"tenant", &Group::tenant, "The tenant that its members sign in to."},
      Row<Group>{"department", &Group::department,
                 "The department that they belong to; of several groups the first that says one counts. Empty: as it "
                 "is."},
      Row<Group>{
          "roles", &Group::roles, "Roles that they have: those of all their groups together.", 0, 0, {}, check_role},
  };
}

constexpr auto ldap_group_table =
    group_table("The group's whole name (DN), or \"*\": everybody in the directory. Must be given.", check_group);
constexpr auto oidc_group_table = group_table(
    "What oidc.groups_claim calls the group, or \"*\": everybody whom the provider knows. Must be given.", nullptr);

bool is_choice(std::string_view choices, std::string_view text) {
  while (true) {
    const auto bar = choices.find('|');
    if (choices.substr(0, bar) == text) return true;
    if (bar == choices.npos) return false;
    choices.remove_prefix(bar + 1);
  }
}

std::string spaced(std::string_view choices) {
  std::string text;
  for (const char c : choices) text += c == '|' ? std::string(", ") : std::string(1, c);
  return text;
}

[[noreturn]] void refuse(std::string_view key, const std::string& where, std::string_view problem) {
  fail_field(Code::invalid, std::string(key), "{}: {}: {}", where, key, problem);
}

template <class T>
[[noreturn]] void refuse_type(const Row<T>& row, const std::string& where) {
  refuse(row.key, where, "must be " + expectation(row));
}

template <class T>
void check_text(const Row<T>& row, std::string_view text, const std::string& where) {
  if (!row.choices.empty() && !is_choice(row.choices, text)) refuse_type(row, where);
  if (text.size() > 4096 || text.find('\0') != text.npos) refuse(row.key, where, "is too long");
  if (row.check == nullptr) return;
  if (const auto problem = row.check(text)) refuse(row.key, where, fmt::format("\"{}\" {}", text, *problem));
}

}  // namespace

std::span<const Row<Config>> rows() { return config_rows; }
std::span<const Row<Engine>> engine_rows() { return engine_table; }
std::span<const Row<Model>> model_rows() { return model_table; }
std::span<const Row<Group>> ldap_group_rows() { return ldap_group_table; }
std::span<const Row<Group>> oidc_group_rows() { return oidc_group_table; }

std::string environment_name(std::string_view key) {
  std::string name = "COFRE_";
  for (const char c : key) name += c == '.' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return name;
}

template <class T>
std::string expectation(const Row<T>& row) {
  switch (row.field.index()) {
    case 0: return row.choices.empty() ? "a text" : "one of " + spaced(row.choices);
    case 2: return "true or false";
    case 3: return "a list of texts";
    default: return fmt::format("a whole number from {} to {}", row.least, row.most);
  }
}

template <class T>
void assign(const Row<T>& row, T& into, std::string value, const std::string& where) {
  const auto* field = std::get_if<std::string T::*>(&row.field);
  if (field == nullptr) refuse_type(row, where);
  check_text(row, value, where);
  into.** field = std::move(value);
}

template <class T>
void assign(const Row<T>& row, T& into, std::int64_t value, const std::string& where) {
  const auto* plain = std::get_if<std::int64_t T::*>(&row.field);
  const auto* optional = std::get_if<std::optional<std::int64_t> T::*>(&row.field);
  if ((plain == nullptr && optional == nullptr) || value < row.least || value > row.most) refuse_type(row, where);
  if (plain != nullptr) {
    into.** plain = value;
  } else {
    into.** optional = value;
  }
}

template <class T>
void assign(const Row<T>& row, T& into, bool value, const std::string& where) {
  const auto* field = std::get_if<bool T::*>(&row.field);
  if (field == nullptr) refuse_type(row, where);
  into.** field = value;
}

template <class T>
void assign(const Row<T>& row, T& into, std::vector<std::string> value, const std::string& where) {
  const auto* field = std::get_if<std::vector<std::string> T::*>(&row.field);
  if (field == nullptr) refuse_type(row, where);
  if (value.size() > 1000) refuse(row.key, where, "has more than 1000 items");
  for (const auto& text : value) {
    if (text.empty()) refuse(row.key, where, "an item is empty");
    check_text(row, text, where);
  }
  into.** field = std::move(value);
}

std::string toml_quote(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) {
      quoted += fmt::format("\\u{:04X}", static_cast<unsigned>(c));
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

template <class T>
std::string toml_text(const Row<T>& row, const T& from) {
  struct Printer {
    const T& from;
    std::string operator()(std::string T::*field) const { return toml_quote(from.*field); }
    std::string operator()(std::int64_t T::*field) const { return std::to_string(from.*field); }
    std::string operator()(bool T::*field) const { return from.*field ? "true" : "false"; }
    std::string operator()(std::optional<std::int64_t> T::*field) const {
      return from.*field ? std::to_string(*(from.*field)) : "";
    }
    std::string operator()(std::vector<std::string> T::*field) const {
      std::string text = "[";
      for (const auto& item : from.*field) text += (text.size() > 1 ? ", " : "") + toml_quote(item);
      return text + "]";
    }
  };
  return std::visit(Printer{from}, row.field);
}

#define COFRE_ROWS_OF(T)                                                                 \
  template std::string expectation(const Row<T>&);                                       \
  template void assign(const Row<T>&, T&, std::string, const std::string&);              \
  template void assign(const Row<T>&, T&, std::int64_t, const std::string&);             \
  template void assign(const Row<T>&, T&, bool, const std::string&);                     \
  template void assign(const Row<T>&, T&, std::vector<std::string>, const std::string&); \
  template std::string toml_text(const Row<T>&, const T&);
COFRE_ROWS_OF(Config)
COFRE_ROWS_OF(Engine)
COFRE_ROWS_OF(Model)
COFRE_ROWS_OF(Group)
#undef COFRE_ROWS_OF

}  // namespace cofre::config
