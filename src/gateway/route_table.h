#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/scopes.h"
#include "gateway/services.h"

namespace cofre::gateway {

/// How much body a route takes.
enum class Body : std::uint8_t {
  none,   ///< nothing
  small,  ///< of the administration: 1 MiB
  json,   ///< Settings::body_bytes_max
  file,   ///< Settings::file_bytes_max and the form around it, to the route's receiver
  model,  ///< a model's file, as much as the disk takes, to the route's receiver
};

/// One row. There is no default scope: a route without one says so with `anybody`.
struct Route {
  std::string_view method;
  std::string_view pattern;               ///< "/v1/models/{model}"; a last "{name...}" takes what is left, slashes too
  std::optional<accounts::Scopes> scope;  ///< all of them
  Body body;
  Handler handler;
  Receiver receiver = nullptr;  ///< of Body::file and Body::model
};

/// What a form has around its file.
inline constexpr std::uint64_t form_bytes_max = 64 << 10;

inline constexpr std::optional<accounts::Scopes> anybody = std::nullopt;

/// Every route of the box.
std::span<const Route> route_table();

/// Calls its handler; what that throws becomes the answer.
void run_route(const Route& route, Services& services, Call&& call);

/// Where a request goes.
struct Match {
  const Route* route = nullptr;         ///< null: nowhere
  std::vector<std::string> parameters;  ///< decoded
  std::string allowed;                  ///< methods of this path, where its method is not among them
};
/// `path` is percent-encoded. HEAD goes where GET goes.
Match find_route(std::string_view method, std::string_view path);

}  // namespace cofre::gateway
