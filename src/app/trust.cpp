#include <fmt/format.h>

#include <array>
#include <cstdio>

#include "app/box.h"
#include "app/command.h"
#include "app/company_trust.h"
#include "app/server_names.h"
#include "base/error.h"
#include "crypto/certificates.h"
#include "os/disk.h"
#include "os/process.h"

namespace cofre::app {
namespace {

/// Where a system keeps the authorities that its programs trust, and what takes up a change.
struct TrustStore {
  const char* folder;
  std::array<const char*, 2> refresh;
};
constexpr std::array stores{
    TrustStore{"/usr/local/share/ca-certificates", {"update-ca-certificates", nullptr}},   // Debian, Ubuntu
    TrustStore{"/etc/pki/ca-trust/source/anchors", {"update-ca-trust", nullptr}},          // Red Hat, openEuler, Kylin
    TrustStore{"/etc/pki/trust/anchors", {"update-ca-certificates", nullptr}},             // SUSE
    TrustStore{"/etc/ca-certificates/trust-source/anchors", {"trust", "extract-compat"}},  // Arch
};
constexpr const char* installed_name = "cofre.crt";

const TrustStore& store_of_this_system() {
  for (const auto& store : stores) {
    if (std::filesystem::is_directory(store.folder)) return store;
  }
  fail(Code::unsupported, "this system's list of authorities is not known: give ca.pem to its programs by hand");
}

void refresh(const TrustStore& store) {
  std::vector<std::string> command;
  for (const char* word : store.refresh) {
    if (word != nullptr) command.emplace_back(word);
  }
  const auto result = os::run_process(command);
  if (result.exit_code != 0) fail(Code::unavailable, "{} failed: {}", command[0], result.error);
}

void install(const std::string& pem) {
  const auto& store = store_of_this_system();
  const auto path = std::filesystem::path(store.folder) / installed_name;
  os::write_whole(path, pem);
  std::filesystem::permissions(path, static_cast<std::filesystem::perms>(0644));
  refresh(store);
  fmt::print("Programs of this machine trust the box now ({}).\n", path.string());
}

void remove_again() {
  const auto& store = store_of_this_system();
  if (!std::filesystem::remove(std::filesystem::path(store.folder) / installed_name)) {
    fail(Code::not_found, "{}/{} is not there", store.folder, installed_name);
  }
  refresh(store);
  fmt::print("Programs of this machine do not trust the box any more.\n");
}

}  // namespace

Action declare_trust(Options& options) {
  struct Given {
    std::string data, to, action, file;
    std::vector<std::string> names;
    bool show = false, remove = false;
  };
  auto given = std::make_shared<Given>();
  options.text("ACTION", given->action,
               "of a certificate by the company's authority: request, install FILE, or own: back to the box's own");
  options.text("FILE", given->file, "the signed certificate with its chain (PEM)");
  options.texts("--name", given->names, "request: a name or address to be certified; may be repeated");
  options.text("--export", given->to, "only write the box's authority (PEM) into this file; - prints it");
  options.flag("--show", given->show, "only tell its name, fingerprint and end");
  options.flag("--remove", given->remove, "take it out of this machine's list again");
  declare_data(options, given->data);
  return [given] {
    const auto data = data_directory_of(given->data);
    if (given->file.empty() != (given->action != "install"))
      throw UsageError{"trust install FILE takes a file, nothing else does"};
    if (given->action == "request") return request_company_certificate(data, given->names);
    if (given->action == "install") return install_company_certificate(data, given->file);
    if (given->action == "own") return remove_company_certificate(data);
    if (!given->action.empty()) throw UsageError{"trust knows request, install and own, not \"" + given->action + "\""};
    if (given->remove) return remove_again();
    const auto file = tls_folder_in(data) / "ca.pem";
    if (!std::filesystem::exists(file)) {
      fail(Code::not_found, "{} is not there: the first start of the box makes it", file.string());
    }
    const std::string pem = os::read_whole(file, 1 << 20);
    const auto facts = crypto::read_certificate(pem);
    if (given->show) {
      const auto day = std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(facts.not_after));
      fmt::print("{}\nSHA-256 {}\nuntil {}-{:02}-{:02}\n", facts.subject, facts.fingerprint,
                 static_cast<int>(day.year()), static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()));
    } else if (given->to == "-") {
      fmt::print("{}", pem);
    } else if (!given->to.empty()) {
      os::write_whole(given->to, pem);
      std::filesystem::permissions(given->to, static_cast<std::filesystem::perms>(0644));
    } else {
      install(pem);
    }
  };
}

}  // namespace cofre::app
