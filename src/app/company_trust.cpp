#include "app/company_trust.h"

#include <fmt/format.h>

#include "app/admin.h"
#include "app/server_names.h"
#include "base/error.h"
#include "config/config.h"
#include "crypto/certificates.h"
#include "http/company_certificate.h"
#include "os/disk.h"

namespace cofre::app {
namespace {

void tell_box(const std::filesystem::path& data) {
  const bool runs = ask_box(data, {{"do", "reload"}}).has_value();
  fmt::print("{}\n", runs ? "The running box serves with it now." : "The box serves with it from its next start on.");
}

}  // namespace

void request_company_certificate(const std::filesystem::path& data, const std::vector<std::string>& names) {
  const auto wanted = names.empty() ? server_names(config::load(config::file_in(data)).config) : names;
  const auto path = http::request_certificate(tls_folder_in(data), wanted);
  fmt::print("{}\nGive this request to the company's authority, then: cofre trust install FILE\n", path.string());
}

void install_company_certificate(const std::filesystem::path& data, const std::filesystem::path& file) {
  if (!config::load(config::file_in(data)).config.certificate_file.empty())
    fail_field(Code::invalid, "server.certificate_file",
               "server.certificate_file names a certificate already: take it out of the settings first");
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const auto files = http::install_certificate(tls_folder_in(data), os::read_whole(file, 1 << 20), now);
  const auto facts = crypto::read_certificate(files.certificate_pem);
  fmt::print("{}, signed by {}, SHA-256 {}\n", facts.subject, facts.issuer, facts.fingerprint);
  tell_box(data);
}

void remove_company_certificate(const std::filesystem::path& data) {
  if (!http::remove_certificate(tls_folder_in(data))) fail(Code::not_found, "no company certificate is installed");
  fmt::print("The box's own certificate again.\n");
  tell_box(data);
}

}  // namespace cofre::app
