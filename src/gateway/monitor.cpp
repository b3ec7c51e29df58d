#include "gateway/monitor.h"

#include <utility>

#include "gateway/figures.h"
#include "gateway/flights.h"
#include "gateway/metrics.h"

namespace cofre::gateway::monitor {

void health(Services& services, Call&& call) {
  const bool ok = services.models.health().ok;
  // Anybody may ask: what is wrong stands in the log and in `cofre status`.
  call.answer(ok ? R"({"status":"ok"})" : R"({"status":"unavailable"})", ok ? 200 : 503);
}

void metrics(Services& services, Call&& call) {
  http::Response response;
  response.headers.add("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  const auto& forwarded = services.settings.forwarded;
  response.body = services.metrics.text(services.models.models(), services.flights.count(),
                                        forwarded ? std::optional(forwarded()) : std::nullopt);
  call.answer(std::move(response));
}

void live(Services& services, Call&& call) { services.figures.watch(std::move(call)); }

}  // namespace cofre::gateway::monitor
