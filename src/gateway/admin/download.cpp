#include "gateway/admin/download.h"

#include <memory>
#include <utility>

#include "base/error.h"
#include "gateway/auditor.h"

namespace cofre::gateway::admin {
namespace {

struct Download : std::enable_shared_from_this<Download> {
  Download(Services& s, Desk& d, Call&& c, std::string_view w, NextPiece n)
      : services(s), desk(d), call(std::move(c)), what(w), next(std::move(n)) {}

  void begin(http::Headers headers) {
    http::Response head;
    head.headers = std::move(headers);
    head.headers.add("Cache-Control", "no-store");
    if (call.trace) call.trace->answered(head.status);
    call.complete(head);
    call.responder.begin(std::move(head));
    step();
  }

  void step() {
    if (!call.caller->is_valid()) return;
    try {
      const auto piece = next();
      if (!piece) return call.responder.end();
      if (!piece->empty() && !call.responder.write(*piece)) return;  // the client has left
    } catch (const Error& error) {
      if (services.settings.log) services.settings.log(what, {{"error", error.what()}});
      return;
    }
    call.responder.on_drained([self = shared_from_this()] { self->desk.put([self] { self->step(); }); });
  }

  Services& services;
  Desk& desk;
  Call call;
  const std::string what;
  const NextPiece next;
};

}  // namespace

void download(Services& services, Desk& desk, Call&& call, std::string_view what, http::Headers headers,
              NextPiece next) {
  std::make_shared<Download>(services, desk, std::move(call), what, std::move(next))->begin(std::move(headers));
}

}  // namespace cofre::gateway::admin
