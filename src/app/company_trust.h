#pragma once

#include <filesystem>
#include <string>
#include <vector>

/// The certificate that a company's authority signs for the box: what `cofre trust request`, `install` and `own` do.
namespace cofre::app {

/// Writes a new key and the request; without names, for those of the box's own certificate.
void request_company_certificate(const std::filesystem::path& data, const std::vector<std::string>& names);
/// Takes the signed certificate with its chain out of a file; a running box serves with it from now on.
void install_company_certificate(const std::filesystem::path& data, const std::filesystem::path& file);
/// Back to the box's own.
void remove_company_certificate(const std::filesystem::path& data);

}  // namespace cofre::app
