#pragma once

#include <span>
#include <string>
#include <string_view>

#include "gateway/services.h"

/// The console: pages for a browser, which the program carries (cmake/console.cmake).
namespace cofre::gateway::pages {

/// One file of the console. What compressing makes no smaller has `plain`, everything else the other two.
struct Asset {
  std::string_view path;          ///< "assets/index-B1c2.js"
  std::string_view type;          ///< its Content-Type
  std::string_view hash;          ///< of its bytes, 16 hex digits
  std::size_t bytes = 0;          ///< unpacked
  std::string_view brotli, gzip;  ///< packed (RFC 7932, RFC 1952)
  std::string_view plain;
  bool is_named_by_hash = false;  ///< other bytes have another name: browsers never ask again
};

/// By path. Written by console/embed.mjs.
std::span<const Asset> assets();

/// Answers with a file in the coding that the request prefers (RFC 9110 §12.5.3), or 304 where it has it.
http::Response serve(const Asset& asset, const http::Request& request);

/// GET /: on to the console.
void home(Services& services, Call&& call);
/// GET /setup: on to its page behind an invitation's link. Browsers take the fragment, the link's secret, along.
void setup(Services& services, Call&& call);
/// GET /console/…: a file; other paths are pages, which index.html shows.
void show(Services& services, Call&& call);

}  // namespace cofre::gateway::pages
