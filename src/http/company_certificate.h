#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "http/tls_files.h"

/// A certificate that a company's authority signs for the box: request.pem and request.key, then company.pem (with its
/// chain) and company.key, in the folder of the box's own. All have mode 0600; the key never leaves it.
namespace cofre::http {

/// A new key and the request for these names; the path of the request. Throws Error(invalid, "name").
std::filesystem::path request_certificate(const std::filesystem::path& folder, const std::vector<std::string>& names);

/// Takes what the authority made of the request: the certificate first, behind it those that lead to the authority.
/// Throws Error(not_found) where nothing was requested; Error(invalid, "certificate") where its key is another, a name
/// of the request is missing, it is no server's, it is not valid now, or each is not signed by the next.
TlsFiles install_certificate(const std::filesystem::path& folder, const std::string& chain_pem,
                             std::chrono::sys_seconds now);

/// What was installed, if anything was.
std::optional<TlsFiles> installed_certificate(const std::filesystem::path& folder);

/// Back to the box's own. False where nothing was installed.
bool remove_certificate(const std::filesystem::path& folder);

}  // namespace cofre::http
