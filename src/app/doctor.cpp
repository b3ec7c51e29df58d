#include <fmt/format.h>

#include <array>
#include <string>
#include <vector>

#include "app/admin.h"
#include "app/box.h"
#include "app/command.h"
#include "app/master_key_actions.h"
#include "app/server_names.h"
#include "app/sign_in_settings.h"
#include "base/error.h"
#include "config/config.h"
#include "crypto/certificates.h"
#include "fleet/resolve.h"
#include "os/cpu.h"
#include "os/disk.h"
#include "os/machine.h"
#include "os/memory.h"
#include "os/placement.h"
#include "os/sandbox_probe.h"
#include "os/system_memory.h"
#include "store/box.h"

namespace cofre::app {
namespace {

enum class State : std::uint8_t { good, warning, bad };

struct Finding {
  std::string what;
  State state;
  std::string text;
};

constexpr double gigabyte = 1e9;
constexpr std::uint64_t disk_low = 2'000'000'000, disk_full = 8'000'000;
constexpr int certificate_days_low = 20;
constexpr int revoked_hours_low = 12;
constexpr std::uint64_t revoked_bytes_max = 64 << 20;

std::string_view name_of(State state) {
  return state == State::good ? "ok" : state == State::warning ? "warning" : "bad";
}

/// One check: whatever it throws is what it found.
template <class Check>
void look(std::vector<Finding>& findings, std::string what, const Check& check) {
  try {
    check(findings, what);
  } catch (const std::exception& error) {
    findings.push_back({std::move(what), State::bad, error.what()});
  }
}

void check_settings(std::vector<Finding>& findings, const std::string& what, const std::filesystem::path& data) {
  const auto loaded = config::load(config::file_in(data));
  for (const auto& note : loaded.notes) findings.push_back({what, State::warning, note});
  findings.push_back({what, State::good, fmt::format("{} are set, all right", loaded.origins.size())});
  const auto files = os::raise_open_files();
  if (files < static_cast<std::uint64_t>(loaded.config.connections) + 256) {
    findings.push_back({"open files", State::warning,
                        fmt::format("the system allows {}, fewer than limits.connections ({}) needs", files,
                                    loaded.config.connections)});
  }
}

void check_sandbox(std::vector<Finding>& findings, const std::string& what) {
  const auto report = os::probe_sandbox();
  for (const auto& item : report.applied) findings.push_back({what, State::good, item});
  for (const auto& item : report.refused) findings.push_back({what, State::warning, "refused: " + item});
}

Finding check_huge_pages() {
  const auto policy = os::huge_page_policy();
  if (policy == "always" || policy == "madvise")
    return {"huge pages", State::good, fmt::format("allowed ({}): weights and KV cache are kept in them", policy)};
  if (policy.empty()) return {"huge pages", State::warning, "this kernel has none: reading weights is slower"};
  return {"huge pages", State::warning,
          fmt::format("the kernel refuses them ({}): reading weights is slower. \"echo madvise > "
                      "/sys/kernel/mm/transparent_hugepage/enabled\" allows them until the machine starts again, "
                      "transparent_hugepage=madvise among the kernel's parameters for good",
                      policy)};
}

void check_machine(std::vector<Finding>& findings, const std::filesystem::path& data) {
  findings.push_back(
      {"processor", State::good, fmt::format("{}, {} processors may be used", os::cpu_name(), os::usable_cpus())});
  findings.push_back({"threads", State::good, os::place_team(0).text});
  findings.push_back(check_huge_pages());
  const auto memory = os::usable_memory_bytes();
  findings.push_back({"memory", memory > 1'000'000'000 ? State::good : State::warning,
                      fmt::format("{:.1f} GB free", static_cast<double>(memory) / gigabyte)});
  const auto disk = os::free_disk_bytes(data);
  findings.push_back({"disk",
                      disk > disk_low    ? State::good
                      : disk > disk_full ? State::warning
                                         : State::bad,
                      fmt::format("{:.1f} GB free at {}{}", static_cast<double>(disk) / gigabyte, data.string(),
                                  disk > disk_full ? "" : ": changes are refused until there is space")});
}

void check_models(std::vector<Finding>& findings, const std::string& what, const std::filesystem::path& data) {
  const auto models = fleet::Models::open(data);
  const auto stored = models.store.list();
  if (stored.empty()) {
    findings.push_back({what, State::warning, "there is none in the store: cofre pull fetches one"});
  }
  for (const auto& model : stored) {
    try {
      models.store.check_unchanged(model);
      findings.push_back({what, State::good, fmt::format("{}: the file is as it was checked", model.name)});
    } catch (const Error& error) {
      findings.push_back({what, State::bad, error.what()});
    }
  }
}

void check_master_key(std::vector<Finding>& findings, const std::string& what, const std::filesystem::path& data) {
  if (!store::has_database(data)) return;
  findings.push_back({what, State::good, "kept " + text_of(store::keeping_of(data))});
}

void check_certificate(std::vector<Finding>& findings, const std::string& what, const std::filesystem::path& data) {
  const auto config = config::load(config::file_in(data)).config;
  auto file = tls_folder_in(data) / "company.pem";
  if (!config.certificate_file.empty()) {
    file = config.certificate_file;
  } else if (!std::filesystem::exists(file)) {
    file = tls_folder_in(data) / "server.pem";
  }
  if (!std::filesystem::exists(file)) {
    findings.push_back({what, State::good, "none yet: the first start makes it"});
    return;
  }
  const auto facts = crypto::read_certificate(os::read_whole(file, 1 << 20));
  const auto left = std::chrono::floor<std::chrono::days>(facts.not_after - std::chrono::system_clock::now()).count();
  std::string names;
  for (const auto& name : facts.names) names += (names.empty() ? "" : " ") + name;
  findings.push_back({what,
                      left > certificate_days_low ? State::good
                      : left > 0                  ? State::warning
                                                  : State::bad,
                      fmt::format("{} days left, for {}", left, names)});
}

/// A list past its date locks every client certificate out.
void check_revoked(std::vector<Finding>& findings, const std::string& what, const std::filesystem::path& data) {
  const auto config = config::load(config::file_in(data)).config;
  if (config.client_crl_file.empty()) return;
  const auto now = std::chrono::system_clock::now();
  for (const auto& list : crypto::read_revocation_lists(os::read_whole(config.client_crl_file, revoked_bytes_max))) {
    if (list.renewed == std::chrono::sys_seconds::max()) {
      findings.push_back({what, State::good, fmt::format("the list of {} names no end", list.issuer)});
      continue;
    }
    const auto hours = std::chrono::floor<std::chrono::hours>(list.renewed - now).count();
    findings.push_back({what,
                        hours < 0                   ? State::bad
                        : hours < revoked_hours_low ? State::warning
                                                    : State::good,
                        hours < 0
                            ? fmt::format("the list of {} is {} hours past its date: no client certificate is taken",
                                          list.issuer, -hours)
                            : fmt::format("the list of {} holds for {} hours", list.issuer, hours)});
  }
}

void check_recording(std::vector<Finding>& findings, const json::Object& status) {
  const auto& audit = json::at(status, "audit").as_object();
  const auto trouble = json::string_at(audit, "trouble");
  const auto waiting = json::unsigned_at(audit, "waiting", UINT64_MAX);
  if (trouble.empty()) return;
  findings.push_back(
      {"audit", State::bad, fmt::format("{} records wait in memory for the disk: {}", waiting, trouble)});
}

void check_forwarding(std::vector<Finding>& findings, const json::Object& status) {
  const auto* found = status.if_contains("audit_forward");
  if (found == nullptr) return;
  const auto& forward = found->as_object();
  const auto address = json::string_at(forward, "address");
  const auto lag = json::unsigned_at(forward, "lag", UINT64_MAX);
  const bool is_connected = forward.at("connected").as_bool();
  findings.push_back({"audit", is_connected ? State::good : State::warning,
                      is_connected ? fmt::format("records go to {}, {} wait", address, lag)
                                   : fmt::format("{} is not connected, {} records wait: {}", address, lag,
                                                 json::string_at(forward, "error"))});
}

void check_directory(std::vector<Finding>& findings, const std::string& what, const std::filesystem::path& data) {
  const ldap::Client client(ldap_options(config::load(config::file_in(data)).config));
  for (const auto& url : client.urls()) {
    try {
      client.probe(url);
      findings.push_back({what, State::good, url + " answers"});
    } catch (const Error& error) {
      findings.push_back({what, State::bad, error.what()});
    }
  }
}

void check_provider(std::vector<Finding>& findings, const std::string& what, const std::filesystem::path& data) {
  const auto options = oidc_options(config::load(config::file_in(data)).config);
  if (options.issuer.empty()) return;
  oidc::Provider(options, accounts::system_seconds).probe();
  findings.push_back({what, State::good, options.issuer + " answers"});
}

void check_box(std::vector<Finding>& findings, const std::string& what, const std::filesystem::path& data) {
  if (const auto status = ask_box(data, {{"do", "status"}})) {
    const bool is_ready = status->contains("ready") && status->at("ready") == true;
    findings.push_back({what, is_ready ? State::good : State::bad,
                        is_ready ? fmt::format("runs at {}", json::string_at(*status, "address"))
                                 : fmt::format("runs but is not ready: {}", json::string_at(*status, "reason"))});
    check_recording(findings, *status);
    check_forwarding(findings, *status);
    return;
  }
  if (!store::has_database(data)) {
    findings.push_back({what, State::good, "does not run; nothing is kept here yet"});
    return;
  }
  const auto box = Box::try_open(data);
  if (box == nullptr) fail(Code::unavailable, "is held by a process that does not answer");
  box->database.check();
  findings.push_back(
      {what, State::good, fmt::format("does not run; its database is whole, {} keys", box->keys.list().size())});
}

json::Object as_json(const std::vector<Finding>& findings) {
  json::Array list;
  for (const auto& one : findings) {
    list.push_back(json::Object{{"check", one.what}, {"state", name_of(one.state)}, {"text", one.text}});
  }
  return {{"checks", std::move(list)}};
}

}  // namespace

Action declare_doctor(Options& options) {
  struct Given {
    std::string data;
    bool json = false;
  };
  auto given = std::make_shared<Given>();
  declare_data(options, given->data);
  options.flag("--json", given->json, "print JSON");
  return [given] {
    const auto data = data_directory_of(given->data);
    std::vector<Finding> findings;
    // First, while this process has one thread.
    look(findings, "sandbox", [](auto& list, const auto& what) { check_sandbox(list, what); });
    look(findings, "machine", [&](auto& list, const auto&) { check_machine(list, data); });
    look(findings, "settings", [&](auto& list, const auto& what) { check_settings(list, what, data); });
    look(findings, "models", [&](auto& list, const auto& what) { check_models(list, what, data); });
    look(findings, "master key", [&](auto& list, const auto& what) { check_master_key(list, what, data); });
    look(findings, "certificate", [&](auto& list, const auto& what) { check_certificate(list, what, data); });
    look(findings, "revoked", [&](auto& list, const auto& what) { check_revoked(list, what, data); });
    look(findings, "directory", [&](auto& list, const auto& what) { check_directory(list, what, data); });
    look(findings, "provider", [&](auto& list, const auto& what) { check_provider(list, what, data); });
    look(findings, "box", [&](auto& list, const auto& what) { check_box(list, what, data); });
    if (given->json) fmt::print("{}\n", json::dump(as_json(findings)));
    std::size_t bad = 0;
    for (const auto& one : findings) {
      if (!given->json) fmt::print("{:8} {:12} {}\n", name_of(one.state), one.what, one.text);
      bad += one.state == State::bad ? 1 : 0;
    }
    if (bad > 0) fail(Code::unavailable, "{} of {} checks are bad", bad, findings.size());
  };
}

}  // namespace cofre::app
