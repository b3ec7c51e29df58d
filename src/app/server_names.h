#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "config/config.h"

namespace cofre::app {

/// What the box's own certificate is made for: server.names, this machine's name and addresses, localhost.
std::vector<std::string> server_names(const config::Config& config);

/// server.listen, taken apart.
struct ListenAddress {
  std::string host;  ///< an address, without brackets
  std::uint16_t port = 0;
  bool is_any = false;  ///< 0.0.0.0 or [::]: every interface
};
ListenAddress listen_address(const config::Config& config);

/// "https://127.0.0.1:8443": where a client on this machine reaches a box that listens there.
std::string local_url(const ListenAddress& address, std::uint16_t port);

/// DIR/tls, where the box's authority (ca.pem) and certificate lie.
std::filesystem::path tls_folder_in(const std::filesystem::path& data);

}  // namespace cofre::app
