#include "gateway/monitor.h"

#include <utility>

#include "gateway/auditor.h"
#include "gateway/figures.h"
#include "gateway/flights.h"
#include "gateway/metrics.h"

namespace cofre::gateway::monitor {

void health(Services& services, Call&& call) {
  const bool ok = services.models.health().ok && services.auditor.accepts();
  // Anybody may ask: what is wrong stands in the log and in `cofre status`.
  if (!ok) return call.answer(R"({"status":"unavailable"})", 503);
  call.answer(services.auditor.is_writing() ? R"({"status":"ok"})" : R"({"status":"degraded","cause":"disk"})");
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
