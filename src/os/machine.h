#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cofre::os {

/// This machine's name, without a domain where it has none.
std::string host_name();

/// The addresses of its network interfaces, IPv4 and IPv6, without loopback and link-local ones, sorted.
std::vector<std::string> host_addresses();

/// Raises the number of files that this process may have open as far as the system allows it. Returns the number.
std::uint64_t raise_open_files();

}  // namespace cofre::os
