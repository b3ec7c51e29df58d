#include "app/running_box.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include "accounts/actions/actions.h"
#include "accounts/ldap_users.h"
#include "accounts/person_name.h"
#include "app/admin.h"
#include "app/audit_actions.h"
#include "app/box.h"
#include "app/master_key_actions.h"
#include "app/person_actions.h"
#include "app/server_names.h"
#include "app/sign_in_settings.h"
#include "app/status_report.h"
#include "base/error.h"
#include "fleet/fleet.h"
#include "gateway/gateway.h"
#include "http/company_certificate.h"
#include "http/server.h"
#include "http/tls_files.h"
#include "log/log.h"
#include "os/disk.h"
#include "os/file_lock.h"
#include "os/machine.h"
#include "records/records.h"
#include "store/box.h"

namespace cofre::app {
namespace {

using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

constexpr seconds lock_patience{5};  ///< a command may hold the box for a moment
constexpr std::chrono::hours certificate_check{12};
constexpr std::chrono::hours log_check{1};
constexpr std::uint64_t rules_bytes_max = 64 << 20;
constexpr std::uint64_t trust_bytes_max = 64 << 20;  ///< of clients' authorities, and of what they revoked
constexpr std::uint64_t local_bytes_max = 1 << 20;
constexpr std::uint64_t deaths_max = 3;  ///< of a model that has never loaded

std::unique_ptr<Box> take_box(const std::filesystem::path& data) {
  const auto end = Clock::now() + lock_patience;
  while (true) {
    if (auto box = Box::try_open(data)) return box;
    const int process = box_process(data);
    if (Clock::now() > end || ask_box(data, {{"do", "ping"}})) {
      fail(Code::unavailable, "a box runs in {} already (process {})", data.string(), process);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

log::Options log_options(const RunningBox::Options& options, const config::Config& config) {
  return {.folder = log_folder_in(options.data),
          .level = log::level_named(config.log_level),
          .file_bytes = static_cast<std::uint64_t>(config.log_file_mib) << 20,
          .files = static_cast<unsigned>(config.log_files),
          .on_standard_error = options.log_to_standard_error};
}

http::TlsFiles tls_files(const std::filesystem::path& data, const config::Config& config) {
  const auto folder = tls_folder_in(data);
  const auto now = std::chrono::floor<seconds>(std::chrono::system_clock::now());
  auto own = http::ensure_tls_files(folder, server_names(config), now);
  auto company = config.certificate_file.empty()
                     ? http::installed_certificate(folder)
                     : http::read_tls_files(config.certificate_file, config.certificate_key_file);
  if (!company) return own;
  company->authority = own.authority;
  return std::move(*company);
}

/// Empty: no such file is set. Throws Error(unavailable) where it cannot be read.
std::string text_if_any(const std::string& path) {
  return path.empty() ? std::string() : os::read_whole(path, trust_bytes_max);
}

std::filesystem::file_time_type written(const std::string& path) {
  std::error_code none;
  return path.empty() ? std::filesystem::file_time_type() : std::filesystem::last_write_time(path, none);
}

http::Limits http_limits(const config::Config& config) {
  const auto ms = [](std::int64_t s) { return s * 1000; };
  http::Limits limits;
  limits.header_bytes = static_cast<std::uint32_t>(config.header_bytes);
  limits.connections = static_cast<std::uint64_t>(config.connections);
  limits.connections_of_address = static_cast<std::uint64_t>(config.connections_per_address);
  limits.header_ms = ms(config.header_timeout_s);
  limits.body_ms = ms(config.body_timeout_s);
  limits.idle_ms = ms(config.idle_timeout_s);
  limits.write_ms = ms(config.write_timeout_s);
  return limits;
}

/// Host headers that are answered: what the certificate names, and what the administrator adds.
std::vector<std::string> host_names(const config::Config& config) {
  auto hosts = server_names(config);
  hosts.insert(hosts.end(), config.allowed_hosts.begin(), config.allowed_hosts.end());
  return hosts;
}

/// Settings that change while the box runs; what is not among them waits for the next start.
bool changes_at_once(std::string_view key) {
  static constexpr std::string_view sections[] = {"limits.", "models.", "queue.", "workers.",
                                                  "costs.",  "engine.", "model."};
  static constexpr std::string_view keys[] = {"server.names",
                                              "server.certificate_file",
                                              "server.certificate_key_file",
                                              "server.tls_least",
                                              "server.allowed_hosts",
                                              "server.cors_origins",
                                              "server.stop_timeout_s",
                                              "server.client_ca_file",
                                              "server.client_crl_file",
                                              "api.reasoning_field",
                                              "log.level"};
  return std::any_of(std::begin(sections), std::end(sections), [&](auto one) { return key.starts_with(one); }) ||
         std::find(std::begin(keys), std::end(keys), key) != std::end(keys);
}

/// The files as they are now.
http::TlsSettings tls_settings(const std::filesystem::path& data, const config::Config& config) {
  const auto files = tls_files(data, config);
  return {.certificate_pem = files.certificate_pem,
          .key_pem = files.key_pem,
          .least = config.tls_least == "1.3" ? http::TlsVersion::v1_3 : http::TlsVersion::v1_2,
          .clients = {text_if_any(config.client_ca_file), text_if_any(config.client_crl_file)}};
}

http::Options http_options(const config::Config& config, const http::TlsSettings& tls) {
  const auto listen = listen_address(config);
  return {.listen = {.address = listen.host, .port = listen.port, .unix_socket = {}},
          .tls = tls,
          .threads = static_cast<unsigned>(config.threads),
          .limits = http_limits(config),
          .hosts = host_names(config)};
}

/// Null where there is no DIR/rules.json.
std::shared_ptr<const rules::Rules> read_rules(const std::filesystem::path& data) {
  const auto path = data / "rules.json";
  if (!std::filesystem::exists(path)) return nullptr;
  return std::make_shared<const rules::Rules>(rules::Rules::parse(os::read_whole(path, rules_bytes_max)));
}

log::Level level_of(fleet::Notice::Level level) {
  switch (level) {
    case fleet::Notice::Level::info: return log::Level::info;
    case fleet::Notice::Level::warning: return log::Level::warning;
    case fleet::Notice::Level::error: return log::Level::error;
  }
  CHECK(false);
  return log::Level::error;
}

}  // namespace

struct RunningBox::State {
  State(Options given, std::function<void()> stop_box)
      : options(std::move(given)),
        loaded(config::load(config::file_in(options.data), options.given)),
        stop(std::move(stop_box)),
        box(take_box(options.data)),
        journal(log_options(options, loaded.config)),
        tls(tls_settings(options.data, loaded.config)),
        models(fleet_options()),
        gateway_models(models),
        records(box->database, box->database_mutex,
                {.data = options.data, .backups = store::backups_in(options.data), .keeping = keeping()}),
        forwarder(made_forwarder()),
        service(gateway_models, accounts_by_settings(), records, gateway_settings()),
        server(http_options(loaded.config, tls), service),
        url(local_url(listen_address(loaded.config), server.port())),
        admin(options.data, [this](const json::Object& request, std::uint32_t user) {
          const auto asker = asker_of(user);
          return recorded(box->trail, asker, request, [&] { return answer(request, asker.who); });
        }) {
    box->accounts.base_url = url;
    for (const auto& note : loaded.notes) journal.write(log::Level::warning, "note", {{"text", note}});
    journal.write(log::Level::info, "start",
                  {{"address", url}, {"process", static_cast<std::int64_t>(::getpid())}, {"open_files", open_files}});
    box->trail.record({.action = "box.start", .outcome = "ok", .facts = {{"address", url}}});
  }

  fleet::Fleet::Options fleet_options() {
    fleet::Fleet::Options made;
    made.data_directory = options.data;
    made.config = loaded.config;
    made.note = [this](const fleet::Notice& notice) {
      journal.write(level_of(notice.level), "model", {{"model", notice.model}, {"text", notice.text}});
      box->trail.record({.action = "model",
                         .outcome = notice.level == fleet::Notice::Level::error ? "failed" : "ok",
                         .facts = {{"model", notice.model}, {"text", notice.text}}});
    };
    return made;
  }

  records::Keeping keeping() {
    return {.otherwise_s = loaded.config.records_days * 86'400,
            .rules = &box->accounts.retention,
            .held = [this](std::uint64_t holder) {
              const auto name = accounts::person_name(box->accounts.directory, static_cast<std::int64_t>(holder));
              return box->trail.persons().is_held(name);
            }};
  }

  std::unique_ptr<accounts::audit::Forwarder> made_forwarder() {
    using accounts::audit::Forwarder;
    using accounts::audit::Syslog;
    const auto& config = loaded.config;
    if (config.forward_address.empty()) return nullptr;
    Forwarder::Options made;
    made.address = config.forward_address;
    made.channel.ca_file = config.forward_ca_file;
    made.channel.certificate_file = config.forward_certificate_file;
    made.channel.key_file = config.forward_certificate_key_file;
    made.syslog = {.format = config.forward_format == "cef" ? Syslog::Format::cef : Syslog::Format::rfc5424,
                   .facility = static_cast<unsigned>(config.forward_facility),
                   .app_name = config.forward_app_name,
                   .host = os::host_name(),
                   .has_persons = config.forward_persons};
    made.state_file = options.data / "audit-forward.json";
    made.note = [this](bool is_error, const std::string& text) {
      journal.write(is_error ? log::Level::warning : log::Level::info, "audit", {{"text", text}});
    };
    return std::make_unique<Forwarder>(box->trail, std::move(made));
  }

  accounts::Accounts& accounts_by_settings() {
    using SecondFactor = accounts::Policy::SecondFactor;
    const auto& config = loaded.config;
    auto& policy = box->accounts.policy;
    policy.password_letters = static_cast<std::size_t>(config.password_letters);
    policy.password_history = static_cast<std::size_t>(config.password_history);
    policy.idle_s = config.session_idle_min * 60;
    policy.session_s = config.session_hours * 3600;
    policy.second_factor = config.second_factor == "everybody"        ? SecondFactor::everybody
                           : config.second_factor == "administrators" ? SecondFactor::administrators
                                                                      : SecondFactor::nobody;
    policy.passkeys_domain = config.passkeys_domain;
    policy.passkeys_origins = config.passkeys_origins;
    policy.passkeys_verify = config.passkeys_user_verification == "required";
    policy.passkeys_alone = config.passkeys_without_password;
    using Name = accounts::Policy::CertificateName;
    policy.certificate_name = config.client_name == "common_name" ? Name::common_name
                              : config.client_name == "email"     ? Name::email
                                                                  : Name::none;
    policy.certificate_tenant = config.client_tenant;
    box->accounts.directory.keep_roles_apart(config.roles_apart);
    box->accounts.machine_cost = [this] {
      const std::lock_guard hold(reloading);
      return machine_cost_of(loaded.config);
    };
    if (!config.ldap_urls.empty()) ask_directory();
    return box->accounts;
  }

  void ask_directory() {
    auto client = std::make_shared<ldap::Client>(ldap_options(loaded.config));
    ldap_users = std::make_unique<accounts::LdapUsers>(
        box->database, box->database_mutex, box->accounts,
        [client](const std::string& name, const std::string& password) { return client->verify(name, password); },
        accounts::VouchedUsers::Options{.source = "ldap",
                                        .groups = groups_of(loaded.config.ldap_groups),
                                        .creates_users = loaded.config.ldap_create_users,
                                        .note = warner("ldap")});
    box->accounts.sign_in.elsewhere = [this](std::int64_t tenant, const std::string& name,
                                             const std::string& password) {
      return ldap_users->verify(tenant, name, password);
    };
  }

  std::unique_ptr<oidc::Provider> made_provider() const {
    if (loaded.config.oidc_issuer.empty()) return nullptr;
    return std::make_unique<oidc::Provider>(oidc_options(loaded.config), accounts::system_seconds);
  }

  std::unique_ptr<accounts::VouchedUsers> made_oidc_users() {
    if (!provider) return nullptr;
    return std::make_unique<accounts::VouchedUsers>(
        box->database, box->database_mutex, box->accounts,
        accounts::VouchedUsers::Options{.source = "oidc",
                                        .groups = groups_of(loaded.config.oidc_groups),
                                        .creates_users = loaded.config.oidc_create_users,
                                        .note = warner("oidc")});
  }

  std::function<void(const std::string&)> warner(const char* event) {
    return [this, event](const std::string& text) { journal.write(log::Level::warning, event, {{"text", text}}); };
  }

  gateway::Settings gateway_settings() {
    gateway::Settings settings;
    settings.data = options.data;
    settings.door = settings_door();
    if (provider) {
      settings.company.emplace(gateway::CompanySignIn{*provider, *oidc_users, loaded.config.oidc_label,
                                                      loaded.config.oidc_public_url, warner("oidc")});
    }
    settings.body_bytes_max = static_cast<std::uint64_t>(loaded.config.body_mib) << 20;
    settings.file_bytes_max = static_cast<std::uint64_t>(loaded.config.file_mib) << 20;
    settings.batches_per_key = static_cast<std::uint64_t>(loaded.config.batches_per_key);
    settings.batch_lines = static_cast<std::uint64_t>(loaded.config.batch_lines);
    settings.requests_per_key = static_cast<std::uint64_t>(loaded.config.requests_per_key);
    settings.cors_origins = loaded.config.cors_origins;
    settings.reasoning_field = loaded.config.reasoning_field;
    settings.response_bytes_max = static_cast<std::uint64_t>(loaded.config.response_mib) << 20;
    settings.background_per_key = static_cast<std::uint64_t>(loaded.config.background_per_key);
    settings.audit = &box->trail;
    if (forwarder) settings.forwarded = [this] { return forwarder->status(); };
    settings.content_rules = [this] {
      const std::lock_guard hold(ruling);
      return content_rules;
    };
    settings.log = [this](std::string_view event, const json::Object& fields) {
      journal.write(log::Level::info, event, fields);
    };
    settings.reload = [this](const std::string& who, const std::string& from) {
      return recorded(box->trail, {who, from}, {{"do", "reload"}}, [&] { return reload(); });
    };
    return settings;
  }

  gateway::SettingsDoor settings_door() {
    gateway::SettingsDoor door;
    door.loaded = [this] {
      const std::lock_guard hold(reloading);
      return loaded;
    };
    door.changes_at_once = changes_at_once;
    door.after_restart = [this] {
      const std::lock_guard hold(reloading);
      const auto waiting = differences(loaded).at("after_restart").as_array();
      std::vector<std::string> keys;
      for (const auto& key : waiting) keys.emplace_back(key.as_string());
      return keys;
    };
    door.change = [this](const config::LocalChange& change) { return change_local(change); };
    return door;
  }

  /// What cannot be taken up is not kept.
  json::Object change_local(const config::LocalChange& change) {
    const std::lock_guard hold(changing);
    const auto path = config::local_file_in(options.data);
    const bool was_there = std::filesystem::exists(path);
    const auto before = was_there ? os::read_whole(path, local_bytes_max) : std::string();
    http::write_private(path, config::changed_local(before, change));
    try {
      return reload();
    } catch (const Error&) {
      was_there ? http::write_private(path, before) : static_cast<void>(std::filesystem::remove(path));
      throw;
    }
  }

  json::Object answer(const json::Object& request, const std::string& who) {
    const auto what = json::string_at(request, "do");
    if (what == "ping") return {};
    if (what == "status") return report();
    if (what == "stop") {
      stop();
      return {{"within_s", stop_timeout_s.load()}};
    }
    if (what == "reload") return reload();
    if (is_master_key_action(request)) return master_key_action(options.data, box->master, request);
    if (is_audit_action(request)) return audit_action(box->trail, request);
    if (is_person_action(request)) return person_action({box->accounts, box->trail, records}, request, who);
    return accounts::act(box->accounts, accounts::Actor::machine(), what, request);
  }

  json::Object report() const {
    return status_report({.url = url,
                          .up_s = std::chrono::duration_cast<seconds>(Clock::now() - began).count(),
                          .connections = server.statistics().open,
                          .memory_bytes = models.memory_bytes(),
                          .health = models.health(),
                          .models = models.models(),
                          .backlog = box->trail.backlog(),
                          .forwarded = forwarder ? std::optional(forwarder->status()) : std::nullopt});
  }

  /// Everything that can fail comes first; what is wrong changes nothing.
  json::Object reload() {
    const std::lock_guard hold(reloading);
    auto fresh = config::load(config::file_in(options.data), options.given);
    auto result = differences(fresh);
    auto fresh_rules = read_rules(options.data);
    auto fresh_tls = tls_settings(options.data, fresh.config);
    http::make_tls(fresh_tls);
    models.reconfigure(fresh.config);
    loaded = std::move(fresh);
    take_tls(std::move(fresh_tls));
    server.replace_rules(http_limits(loaded.config), host_names(loaded.config));
    service.change(gateway_settings());
    journal.set_level(log::level_named(loaded.config.log_level));
    stop_timeout_s = loaded.config.stop_timeout_s;
    {
      const std::lock_guard hold_rules(ruling);
      content_rules = std::move(fresh_rules);
    }
    journal.write(log::Level::info, "reload", result);
    return result;
  }

  /// A disk that refuses to keep that a key or a session is over ends nothing else: they are over nevertheless.
  void look_after_accounts() {
    std::string trouble;
    try {
      box->accounts.tick();
    } catch (const Error& error) {
      trouble = error.what();
    }
    if (trouble != accounts_trouble && !trouble.empty()) {
      journal.write(log::Level::error, "accounts", {{"text", trouble}});
    }
    accounts_trouble = std::move(trouble);
  }

  void look_after_trail() {
    try {
      if (const auto removed = box->trail.retire(); removed > 0) {
        journal.write(log::Level::info, "audit", {{"text", "old records are removed"}, {"files", removed}});
      }
    } catch (const Error& error) {
      journal.write(log::Level::error, "audit", {{"text", error.what()}});
    }
    if (const auto text = box->trail.take_trouble(); !text.empty()) {
      journal.write(log::Level::error, "audit", {{"text", text}});
    }
  }

  /// Where a rule says how long lines of the log are kept.
  void look_after_log() {
    const auto days = box->accounts.retention.days_of_box(accounts::Kept::logs);
    const auto now = Clock::now();
    if (!days || (log_looked_at && now - *log_looked_at < log_check)) return;
    log_looked_at = now;
    try {
      const auto removed = journal.forget(*days);
      if (removed == 0) return;
      const json::Object facts{{"kind", accounts::name_of(accounts::Kept::logs)}, {"removed", removed}};
      journal.write(log::Level::info, "retention", facts);
      box->trail.record({.action = "retention.sweep", .outcome = "ok", .facts = facts});
    } catch (const Error& error) {
      journal.write(log::Level::error, "retention", {{"text", error.what()}});
    }
  }

  /// Keys of settings that are others in `fresh`: those that can change now, against what is; the rest, against what
  /// the box was started with.
  json::Object differences(const config::Loaded& fresh) const {
    const auto in = [](const std::vector<config::Shown>& list, const config::Shown& one) {
      return std::any_of(list.begin(), list.end(),
                         [&](const config::Shown& other) { return other.key == one.key && other.value == one.value; });
    };
    const auto now = config::show(fresh), before = config::show(loaded);
    std::set<std::string> changed, after_restart;
    const auto compare = [&](const auto& list, const auto& with, bool live, auto& out) {
      for (const auto& one : list)
        if (changes_at_once(one.key) == live && !in(with, one)) out.insert(one.key);
    };
    compare(now, before, true, changed);
    compare(before, now, true, changed);
    compare(now, at_start, false, after_restart);
    compare(at_start, now, false, after_restart);
    return {{"changed", json::Array(changed.begin(), changed.end())},
            {"after_restart", json::Array(after_restart.begin(), after_restart.end())}};
  }

  void take_tls(http::TlsSettings fresh) {
    if (fresh != tls) {
      server.replace_tls(fresh);
      const bool has_other = fresh.certificate_pem != tls.certificate_pem;
      journal.write(log::Level::info, "certificate",
                    {{"text", has_other ? "connections from now on get the new one" : "TLS has other settings"}});
    }
    tls = std::move(fresh);
    trust_written = trust_times();
    certificate_checked = Clock::now();
  }

  std::array<std::filesystem::file_time_type, 2> trust_times() const {
    return {written(loaded.config.client_ca_file), written(loaded.config.client_crl_file)};
  }

  /// The files may have been replaced, the certificate may be about to end, the machine may have a new address.
  void look_after_certificates() {
    const auto times = trust_times();
    if (times == trust_written && Clock::now() - certificate_checked < certificate_check) return;
    trust_written = times;  // what cannot be read is told once
    certificate_checked = Clock::now();
    take_tls(tls_settings(options.data, loaded.config));
  }

  const std::uint64_t open_files = os::raise_open_files();
  const Clock::time_point began = Clock::now();
  Options options;
  config::Loaded loaded;
  const std::vector<config::Shown> at_start = config::show(loaded);
  std::atomic<std::int64_t> stop_timeout_s{loaded.config.stop_timeout_s};
  std::function<void()> stop;
  std::unique_ptr<Box> box;
  std::unique_ptr<accounts::LdapUsers> ldap_users;             ///< null: there is no directory
  std::unique_ptr<oidc::Provider> provider = made_provider();  ///< null: there is none
  std::unique_ptr<accounts::VouchedUsers> oidc_users = made_oidc_users();
  std::mutex ruling;  ///< of content_rules
  std::shared_ptr<const rules::Rules> content_rules = read_rules(options.data);
  std::mutex reloading, changing;
  log::Log journal;
  http::TlsSettings tls;
  fleet::Fleet models;
  gateway::FleetModels gateway_models;
  records::Records records;
  std::unique_ptr<accounts::audit::Forwarder> forwarder;  ///< null: the audit trail has no collector
  gateway::Gateway service;
  http::Server server;
  const std::string url;
  Clock::time_point certificate_checked = Clock::now();
  std::array<std::filesystem::file_time_type, 2> trust_written = trust_times();
  std::string accounts_trouble;  ///< of the last tick
  std::optional<Clock::time_point> log_looked_at;
  AdminServer admin;  ///< last: what it answers with is there before it, and after it
};

RunningBox::RunningBox(Options options, std::function<void()> stop)
    : state_(std::make_unique<State>(std::move(options), std::move(stop))) {}
RunningBox::~RunningBox() = default;

const std::string& RunningBox::url() const { return state_->url; }

bool RunningBox::is_ready() const {
  using Kind = fleet::ModelState::Kind;
  bool ready = true;
  for (const auto& model : state_->models.models()) {
    if (!model.preloaded || model.kind == Kind::ready) continue;
    ready = false;
    const bool never =
        model.kind == Kind::quarantined || (model.kind == Kind::waiting && !model.facts && model.deaths >= deaths_max);
    if (never) fail(Code::unavailable, "the model {} does not load: {}", model.name, model.reason);
  }
  return ready;
}

void RunningBox::tick() {
  state_->look_after_accounts();
  state_->service.tick();
  state_->look_after_trail();
  state_->look_after_log();
  const std::lock_guard hold(state_->reloading);
  try {
    state_->look_after_certificates();
  } catch (const Error& error) {
    state_->journal.write(log::Level::error, "certificate", {{"text", error.what()}});
  }
}

json::Object RunningBox::reload() {
  return recorded(state_->box->trail, {"", "signal"}, {{"do", "reload"}}, [&] { return state_->reload(); });
}

void RunningBox::drain() {
  state_->server.stop(seconds(state_->stop_timeout_s));
  state_->journal.write(log::Level::info, "stop");
  state_->box->trail.record({.action = "box.stop", .outcome = "ok"});
  try {
    state_->box->trail.flush();
  } catch (const Error& error) {
    // Nothing is lost unseen: the log may lie on the same disk.
    const auto text = fmt::format("{} records of the audit trail are lost with this stop: {}",
                                  state_->box->trail.backlog().records, error.what());
    state_->journal.write(log::Level::error, "audit", {{"text", text}});
    fmt::print(stderr, "cofre: {}\n", text);
  }
}

void RunningBox::note(std::string_view event, const json::Object& fields) {
  state_->journal.write(log::Level::info, event, fields);
}

}  // namespace cofre::app
