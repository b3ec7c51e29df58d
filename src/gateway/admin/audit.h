#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "accounts/audit/trail.h"
#include "gateway/desk.h"
#include "gateway/services.h"
#include "json/json.h"

/// The audit trail over HTTP, for auditors of the home tenant: the trail is the whole box's. Who reads it is recorded.
namespace cofre::gateway::admin {

/// The verification of a trail that was asked last, on a thread of its own. Any thread.
class Verification {
 public:
  /// Begins one, unless one is running; the state of that which runs then. `trail` outlives it.
  json::Object begin(accounts::audit::Trail& trail);
  /// {"state":"none" | "running" | "done" | "failed","started","ended"}, and of one that is done "verdict", as
  /// `cofre audit verify --json` prints it, of one that failed "error".
  json::Object state() const;

 private:
  void end(json::Object result);

  mutable std::mutex mutex_;  ///< of state_
  json::Object state_{{"state", "none"}};
  std::jthread thread_;
};

/// What auditors keep busy, so that nobody else waits for them.
struct Audits {
  Desk desk{64};
  Verification verification;
};

/// GET /admin/v1/audit/records: from, until, person, action, outcome, id, order (asc, desc), after (a record's number),
/// limit
void list_records(Services& services, Call&& call);
/// GET /admin/v1/audit/export: the same without after and limit; JSON lines
void export_records(Services& services, Call&& call);
/// POST /admin/v1/audit/verification
void begin_verification(Services& services, Call&& call);
/// GET /admin/v1/audit/verification
void show_verification(Services& services, Call&& call);

}  // namespace cofre::gateway::admin
