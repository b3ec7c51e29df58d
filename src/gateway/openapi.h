#pragma once

#include <span>
#include <string_view>

#include "gateway/services.h"

/// The description of every route, for people and generators of clients: OpenAPI 3.1.
namespace cofre::gateway {

/// What the description says of one route beyond its row in the route table. A route has one, and one has a route: a
/// test holds this.
struct RouteNote {
  std::string_view method, pattern, summary;
  std::string_view takes;  ///< the schema of its body, in openapi_schemas.cpp; "…Form": a form; empty: it takes none
  std::string_view gives;  ///< the schema of its answer; "text": no JSON; "WebSocket": JSON texts over one; "redirect"
};
std::span<const RouteNote> route_notes();

/// components.schemas, as JSON text.
std::string_view openapi_schemas();

json::Object openapi();

/// GET /openapi.json
void show_openapi(Services& services, Call&& call);

}  // namespace cofre::gateway
