#pragma once

#include "gateway/services.h"

/// How the box is: for load balancers, supervisors and dashboards.
namespace cofre::gateway::monitor {

/// 200 while tokens can be made, else 503. Reads what the fleet's watch knows; waits for nothing.
void health(Services& services, Call&& call);
void metrics(Services& services, Call&& call);
/// A WebSocket with the figures of now, about every second.
void live(Services& services, Call&& call);

}  // namespace cofre::gateway::monitor
