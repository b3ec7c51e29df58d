#pragma once

#include "gateway/services.h"
#include "oidc/waiting.h"

/// Signing in by the company's provider (OpenID Connect): pages for browsers, which the provider sends back here.
namespace cofre::gateway::admin {

/// Browsers that are on their way, each known by the cookie __Host-cofre-oidc.
struct Arrivals {
  /// Whom the provider has vouched for, until they give the code of their second factor.
  struct Known {
    std::int64_t owner = 0;
    std::string return_to;
  };
  explicit Arrivals(const accounts::Clock& clock) : trips({.seconds = 600}, clock), known({.seconds = 300}, clock) {}

  oidc::Waiting<oidc::Trip> trips;
  oidc::Waiting<Known> known;
};

/// GET /admin/v1/oidc: {"providers": [{"label", "start"}]}: the button for each, and where it leads.
void list_providers(Services& services, Call&& call);
/// GET /admin/v1/oidc/start: on to the provider. `return_to`: a path of the box, where the person wants to go.
void start_at_provider(Services& services, Call&& call);
/// GET /admin/v1/oidc/callback: back from the provider.
void back_from_provider(Services& services, Call&& call);
/// POST /admin/v1/oidc/code: the form that asks for the code of the second factor.
void code_after_provider(Services& services, Call&& call);

/// A path of this box that may be gone to: begins with one slash, and has nothing that would make it another host's.
bool is_own_path(std::string_view path);

}  // namespace cofre::gateway::admin
