#pragma once

#include "os/placement.h"

namespace cofre::model {

/// A team as on a machine of several memory nodes, bound to nothing.
inline os::Placement placement_of(unsigned members, unsigned nodes) {
  auto placement = os::Placement::loose(members);
  for (unsigned i = 0; i < members; ++i) placement.members[i].node = i * nodes / members;
  return placement;
}

}  // namespace cofre::model
