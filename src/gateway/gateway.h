#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "accounts/accounts.h"
#include "gateway/admin/audit.h"
#include "gateway/admin/jobs.h"
#include "gateway/admin/oidc.h"
#include "gateway/auditor.h"
#include "gateway/batch_runner.h"
#include "gateway/desk.h"
#include "gateway/dialects/openai/background.h"
#include "gateway/figures.h"
#include "gateway/flights.h"
#include "gateway/metrics.h"
#include "gateway/models.h"
#include "gateway/services.h"
#include "http/service.h"

namespace cofre::gateway {

struct Route;

/// What the box's HTTPS server serves: finds the route, knows the caller, reads the dialect, passes the request to a
/// model and its events back. Give it to an http::Server, which must be stopped before this goes.
class Gateway : public http::Service {
 public:
  /// All outlive it. Keys that are revoked or run out end their requests at once (Keys::watch). Responses that another
  /// process left unfinished become failed; batches go on.
  Gateway(Models& models, accounts::Accounts& accounts, records::Records& records, Settings settings);
  /// Ends what runs in the background; batches stand still until there is another.
  ~Gateway() override;

  /// What passes by itself: live figures are sent, records that are too old are removed. About once a second.
  void tick();
  /// Takes over the settings that are Live.
  void change(const Settings& settings);

  http::Admission admit(const http::Request& head) override;
  void handle(http::Request request, http::Responder responder) override;
  http::Response refuse(int status, std::string_view message) override;
  void finished(const http::Record& record) override;

 private:
  void sweep();
  void note_swept(const records::Swept& swept);
  void note_refusal(const http::Request& head, const Route& route, const Failure& failure);
  void label(Call& call) const;
  bool allows_origin(std::string_view origin) const;
  http::Response preflight(const http::Request& request, std::string_view allowed) const;
  /// What every answer to this request has: X-Request-Id as the client gave it, CORS.
  http::Headers common_headers(const http::Request& request) const;
  http::Response refusal(const http::Request& request, const Failure& failure) const;

  Settings settings_;
  accounts::Accounts& accounts_;
  std::shared_ptr<Flights> flights_ = std::make_shared<Flights>();
  Metrics metrics_;
  Figures figures_;
  openai::Backgrounds backgrounds_;
  Auditor auditor_;
  admin::Arrivals arrivals_{accounts_.clock};
  Services services_;
  BatchRunner batches_;
  std::chrono::steady_clock::time_point swept_{};
  admin::Jobs jobs_;
  Desk office_{256};
  admin::Audits audits_;
  Desk entrance_{64};
  Desk desk_;  ///< last: its jobs work with everything
};

}  // namespace cofre::gateway
