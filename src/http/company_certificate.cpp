#include "http/company_certificate.h"

#include <algorithm>

#include "base/error.h"
#include "crypto/certificates.h"
#include "os/disk.h"

namespace cofre::http {
namespace {

constexpr std::uint64_t file_bytes_max = 1 << 20;
constexpr const char* field = "certificate";

/// The name itself, or the certificate's "*.example.com" for it.
bool covers(const std::vector<std::string>& names, const std::string& wanted) {
  const auto dot = wanted.find('.');
  const auto wildcard = dot == wanted.npos ? std::string() : "*" + wanted.substr(dot);
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& name) { return name == wanted || name == wildcard; });
}

void check_chain(const std::vector<std::string>& chain, std::chrono::sys_seconds now) {
  for (std::size_t i = 0; i < chain.size(); ++i) {
    const auto facts = crypto::read_certificate(chain[i]);
    if (now < facts.not_before || now >= facts.not_after)
      fail_field(Code::invalid, field, "the certificate of {} is not valid now", facts.subject);
    if (facts.authority != (i > 0))
      fail_field(Code::invalid, field, "the certificate of {} is {}", facts.subject,
                 i > 0 ? "no authority's: the chain is in disorder" : "an authority's: the box's own comes first");
    if (i > 0 && !crypto::is_signed_by(chain[i - 1], chain[i]))
      fail_field(Code::invalid, field, "the certificate of {} did not sign the one before it", facts.subject);
  }
}

}  // namespace

std::filesystem::path request_certificate(const std::filesystem::path& folder, const std::vector<std::string>& names) {
  const auto request = crypto::make_certificate_request(names);
  std::filesystem::create_directories(folder);
  std::filesystem::permissions(folder, std::filesystem::perms::owner_all);
  write_private(folder / "request.key", request.key_pem);
  write_private(folder / "request.pem", request.certificate_pem);
  return folder / "request.pem";
}

TlsFiles install_certificate(const std::filesystem::path& folder, const std::string& chain_pem,
                             std::chrono::sys_seconds now) {
  if (!std::filesystem::exists(folder / "request.key"))
    fail(Code::not_found, "no certificate was requested: cofre trust request makes the key and the request");
  TlsFiles files;
  files.key_pem = os::read_whole(folder / "request.key", file_bytes_max);
  const auto chain = crypto::split_chain(chain_pem);
  for (const auto& one : chain) files.certificate_pem += one;
  if (!crypto::is_key_of(chain.front(), files.key_pem))
    fail_field(Code::invalid, field, "the first certificate belongs to another key than the last request's");
  const auto names = crypto::read_certificate(chain.front()).names;
  for (const auto& wanted : crypto::requested_names(os::read_whole(folder / "request.pem", file_bytes_max)))
    if (!covers(names, wanted))
      fail_field(Code::invalid, field, "the certificate does not name {}, which was requested", wanted);
  check_chain(chain, now);
  // While one of the two is missing, nothing counts as installed.
  std::filesystem::remove(folder / "company.pem");
  write_private(folder / "company.key", files.key_pem);
  write_private(folder / "company.pem", files.certificate_pem);
  return files;
}

std::optional<TlsFiles> installed_certificate(const std::filesystem::path& folder) {
  if (!std::filesystem::exists(folder / "company.pem")) return std::nullopt;
  return read_tls_files(folder / "company.pem", folder / "company.key");
}

bool remove_certificate(const std::filesystem::path& folder) {
  const bool was = std::filesystem::remove(folder / "company.pem");
  std::filesystem::remove(folder / "company.key");
  return was;
}

}  // namespace cofre::http
