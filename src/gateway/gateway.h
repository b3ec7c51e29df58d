#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "accounts/keys.h"
#include "gateway/flights.h"
#include "gateway/metrics.h"
#include "gateway/models.h"
#include "gateway/services.h"
#include "http/service.h"

namespace cofre::gateway {

/// What the box's HTTPS server serves: finds the route, knows the caller, reads the dialect, passes the request to a
/// model and its events back. Give it to an http::Server, which must be stopped before this goes.
class Gateway : public http::Service {
 public:
  /// Both outlive it. Keys that are revoked or run out end their requests at once (Keys::watch).
  Gateway(Models& models, accounts::Keys& keys, Settings settings);
  ~Gateway() override;

  http::Admission admit(const http::Request& head) override;
  void handle(http::Request request, http::Responder responder) override;
  http::Response refuse(int status, std::string_view message) override;
  void finished(const http::Record& record) override;

 private:
  /// Whose request it is. Throws Failure: 401 without a valid key, 403 where it lacks the scope.
  accounts::Caller authenticate(const http::Request& request, accounts::Scope scope) const;
  bool allows_origin(std::string_view origin) const;
  http::Response preflight(const http::Request& request, std::string_view allowed) const;
  /// What every answer to this request has: X-Request-Id as the client gave it, CORS.
  http::Headers common_headers(const http::Request& request) const;
  http::Response refusal(const http::Request& request, const Failure& failure) const;

  Settings settings_;
  accounts::Keys& keys_;
  std::shared_ptr<Flights> flights_ = std::make_shared<Flights>();
  Metrics metrics_;
  Services services_;
};

}  // namespace cofre::gateway
