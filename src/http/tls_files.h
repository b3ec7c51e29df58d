#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace cofre::http {

/// What a TLS server needs, and where its authority's certificate lies.
struct TlsFiles {
  std::string certificate_pem, key_pem;
  std::filesystem::path authority;  ///< folder/ca.pem: what clients trust
  bool renewed = false;             ///< the certificate was made by this call
};

/// The box's own authority (ca.pem, ca.key) and server certificate (server.pem, server.key) in a folder, which is made
/// with mode 0700, the files with 0600. What is missing is made. The certificate is made anew when its names are not
/// these (DNS names and IP addresses, any order), when it ends within 30 days, or when another authority signed it; the
/// authority, whom clients trust by file, only when it is missing or has ended. Throws Error(invalid, "name") for a bad
/// name, Error(invalid) for a broken file, Error(unavailable) where the folder cannot be written.
TlsFiles ensure_tls_files(const std::filesystem::path& folder, const std::vector<std::string>& names,
                          std::chrono::sys_seconds now);

/// A certificate of the company's, with its chain, and its key. Throws Error(invalid, "certificate") where they do not
/// belong together.
TlsFiles read_tls_files(const std::filesystem::path& certificate, const std::filesystem::path& key);

/// Only the owner may read it, from the first byte on; whoever looks sees the old file or the whole new one.
void write_private(const std::filesystem::path& path, const std::string& text);

}  // namespace cofre::http
