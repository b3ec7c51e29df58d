#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fleet/fleet.h"
#include "json/json.h"

namespace cofre::app {

struct StatusFacts {
  std::string url;
  std::int64_t up_s = 0;
  std::uint64_t connections = 0, memory_bytes = 0;
  fleet::Health health;
  std::vector<fleet::ModelState> models;
};

/// What `cofre status --json` prints.
json::Object status_report(const StatusFacts& facts);

}  // namespace cofre::app
