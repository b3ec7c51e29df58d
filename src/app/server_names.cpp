#include "app/server_names.h"

#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "crypto/certificates.h"
#include "os/machine.h"

namespace cofre::app {
namespace {

/// A host name may hold what no certificate can name, an underscore say.
bool can_be_certified(const std::string& name) {
  if (crypto::is_ip_address(name)) return true;
  return !name.empty() && name.size() <= 253 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
}

}  // namespace

std::vector<std::string> server_names(const config::Config& config) {
  std::vector<std::string> names = config.names;
  const auto add = [&](const std::string& name) {
    if (can_be_certified(name) && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  add(os::host_name());
  for (const auto& address : os::host_addresses()) add(address);
  const auto listen = listen_address(config);
  if (!listen.is_any) add(listen.host);
  for (const char* name : {"localhost", "127.0.0.1", "::1"}) add(name);
  return names;
}

ListenAddress listen_address(const config::Config& config) {
  const std::string& text = config.listen;
  const auto colon = text.rfind(':');
  CHECK(colon != text.npos);  // the setting's own check
  ListenAddress address;
  address.host = text.substr(0, colon);
  if (address.host.starts_with('[')) address.host = address.host.substr(1, address.host.size() - 2);
  if (address.host == "localhost") address.host = "127.0.0.1";
  unsigned port = 0;
  std::from_chars(text.data() + colon + 1, text.data() + text.size(), port);
  address.port = static_cast<std::uint16_t>(port);
  address.is_any = address.host == "0.0.0.0" || address.host == "::" || address.host == "*";
  if (address.host == "*") address.host = "0.0.0.0";
  if (!crypto::is_ip_address(address.host)) {
    fail_field(Code::invalid, "server.listen", "server.listen: \"{}\" is no address of this machine", address.host);
  }
  return address;
}

std::string local_url(const ListenAddress& address, std::uint16_t port) {
  const std::string host = address.is_any ? "127.0.0.1" : address.host;
  return fmt::format("https://{}:{}", host.find(':') == host.npos ? host : "[" + host + "]", port);
}

std::filesystem::path tls_folder_in(const std::filesystem::path& data) { return data / "tls"; }

}  // namespace cofre::app
