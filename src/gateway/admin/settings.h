#pragma once

#include "gateway/services.h"

/// The box's settings, certificates and content rules over HTTP: docs/administration.md.
namespace cofre::gateway::admin {

/// GET /admin/v1/settings: every setting with its schema, its value and who set it
void show_settings(Services& services, Call&& call);
/// PATCH /admin/v1/settings: {"set": {key: value}, "reset": [keys], "aliases": {name: model}}
void change_settings(Services& services, Call&& call);

/// GET /admin/v1/engines: servers elsewhere and how they are
void list_engines(Services& services, Call&& call);

/// GET /admin/v1/tls
void show_certificates(Services& services, Call&& call);
/// GET /admin/v1/tls/authority: the box's own, as PEM
void get_authority(Services& services, Call&& call);
/// POST /admin/v1/tls/request: {"names"}; the request, as PEM within JSON
void request_certificate(Services& services, Call&& call);
/// PUT /admin/v1/tls/company: {"certificate"}: with its chain, as PEM
void install_certificate(Services& services, Call&& call);
/// DELETE /admin/v1/tls/company: back to the box's own
void remove_certificate(Services& services, Call&& call);

/// GET and PUT /admin/v1/rules: those of every tenant, for home; else one's own tenant's
void show_rules(Services& services, Call&& call);
void set_rules(Services& services, Call&& call);

}  // namespace cofre::gateway::admin
