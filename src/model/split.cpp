#include "model/split.h"

#include <algorithm>

namespace cofre::model {
namespace {

constexpr std::size_t unit = 4;  ///< panels that prompt kernels like to have together

}  // namespace

Shares::Shares(const os::Placement& placement) {
  const auto& all = placement.members;
  for (unsigned first = 0; first < all.size();) {
    unsigned last = first + 1;
    while (last < all.size() && all[last].node == all[first].node) ++last;
    const unsigned count = last - first, groups = (count + group_max - 1) / group_max;
    for (unsigned i = 0; i < count; ++i) {
      const unsigned group = i * groups / count;
      if (i == 0 || group != (i - 1) * groups / count) first_member_.push_back(first + i);
      group_of_.push_back(static_cast<unsigned>(first_member_.size()) - 1);
    }
    first = last;
  }
  first_member_.push_back(members());
}

std::size_t Shares::begin(std::size_t panels, unsigned group) const {
  if (group == groups()) return panels;
  return panels * first_member_[group] / members() / unit * unit;
}

std::size_t chunk_of(std::size_t panels, std::size_t members, std::size_t tasks, std::size_t least, std::size_t most) {
  const auto last_end = [&](std::size_t chunk) {
    const std::size_t count = (panels + chunk - 1) / chunk;
    return (count + members - 1) / members * chunk;
  };
  const std::size_t ideal = (panels + members - 1) / members;
  std::size_t best = std::clamp(panels / (members * tasks), least, most) / least * least;
  for (std::size_t chunk = best; chunk >= least && last_end(best) > ideal + ideal / 32; chunk -= least)
    if (last_end(chunk) < last_end(best)) best = chunk;
  return best;
}

}  // namespace cofre::model
