#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "accounts/audit/forwarder.h"
#include "fleet/fleet.h"
#include "json/json.h"

namespace cofre::app {

struct StatusFacts {
  std::string url;
  std::int64_t up_s = 0;
  std::uint64_t connections = 0, memory_bytes = 0;
  fleet::Health health;
  std::vector<fleet::ModelState> models;
  accounts::audit::Trail::Backlog backlog;
  std::optional<accounts::audit::Forwarder::Status> forwarded;  ///< nothing: the audit trail has no collector
};

/// What `cofre status --json` prints.
json::Object status_report(const StatusFacts& facts);

}  // namespace cofre::app
