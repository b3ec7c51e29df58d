#include "http/tls_files.h"

#include <algorithm>
#include <fstream>
#include <optional>

#include "base/error.h"
#include "crypto/certificates.h"
#include "os/disk.h"

namespace cofre::http {
namespace {

constexpr std::uint64_t file_bytes_max = 1 << 20;
constexpr std::chrono::days authority_valid(3650);
constexpr std::chrono::days server_valid(397);  // what browsers accept at most
constexpr std::chrono::days renewal(30);

std::optional<crypto::Identity> read_identity(const std::filesystem::path& certificate,
                                              const std::filesystem::path& key) {
  if (!std::filesystem::exists(certificate) || !std::filesystem::exists(key)) return std::nullopt;
  return crypto::Identity{os::read_whole(certificate, file_bytes_max), os::read_whole(key, file_bytes_max)};
}

/// As certificates give them back: an IPv6 address has many spellings.
std::vector<std::string> sorted_names(const crypto::Identity& authority, const std::vector<std::string>& names,
                                      std::chrono::sys_seconds now) {
  return crypto::read_certificate(
             crypto::make_server_certificate(authority, names, now, std::chrono::days(1)).certificate_pem)
      .names;
}

}  // namespace

void write_private(const std::filesystem::path& path, const std::string& text) {
  namespace fs = std::filesystem;
  const auto unfinished = fs::path(path.string() + ".new");
  std::error_code error;
  fs::remove(unfinished, error);
  { std::ofstream create(unfinished); }
  fs::permissions(unfinished, fs::perms::owner_read | fs::perms::owner_write, error);
  std::ofstream file(unfinished, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (error || !file) fail(Code::unavailable, "{} cannot be written", unfinished.string());
  os::publish(unfinished, path);
}

TlsFiles ensure_tls_files(const std::filesystem::path& folder, const std::vector<std::string>& names,
                          std::chrono::sys_seconds now) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
  if (error) fail(Code::unavailable, "the folder {} cannot be made: {}", folder.string(), error.message());

  TlsFiles files;
  files.authority = folder / "ca.pem";
  auto authority = read_identity(files.authority, folder / "ca.key");
  if (!authority || crypto::read_certificate(authority->certificate_pem).not_after <= now) {
    authority = crypto::make_authority("Cofre box authority", now, authority_valid);
    write_private(folder / "ca.key", authority->key_pem);
    write_private(files.authority, authority->certificate_pem);
  }
  if (!crypto::is_key_of(authority->certificate_pem, authority->key_pem))
    fail(Code::invalid, "{} and its key do not belong together", files.authority.string());

  auto server = read_identity(folder / "server.pem", folder / "server.key");
  const auto good = [&] {
    if (!server || !crypto::is_key_of(server->certificate_pem, server->key_pem)) return false;
    const auto facts = crypto::read_certificate(server->certificate_pem);
    return facts.names == sorted_names(*authority, names, now) && facts.not_after > now + renewal &&
           facts.not_before <= now && crypto::is_signed_by(server->certificate_pem, authority->certificate_pem);
  };
  if (!good()) {
    server = crypto::make_server_certificate(*authority, names, now, server_valid);
    write_private(folder / "server.key", server->key_pem);
    write_private(folder / "server.pem", server->certificate_pem);
    files.renewed = true;
  }
  files.certificate_pem = server->certificate_pem;
  files.key_pem = server->key_pem;
  return files;
}

TlsFiles read_tls_files(const std::filesystem::path& certificate, const std::filesystem::path& key) {
  TlsFiles files;
  files.certificate_pem = os::read_whole(certificate, file_bytes_max);
  files.key_pem = os::read_whole(key, file_bytes_max);
  if (!crypto::is_key_of(files.certificate_pem, files.key_pem))
    fail_field(Code::invalid, "certificate", "{} and {} do not belong together", certificate.string(), key.string());
  return files;
}

}  // namespace cofre::http
