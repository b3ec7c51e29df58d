#include "records/keeping.h"

#include <algorithm>

namespace cofre::records {
namespace {

constexpr std::int64_t day_s = 86'400;

}  // namespace

std::int64_t Keeping::seconds(accounts::Kept kind, std::uint64_t holder) const {
  const auto days = rules != nullptr ? rules->days(kind, static_cast<std::int64_t>(holder)) : std::nullopt;
  return days ? *days * day_s : otherwise_s;
}

std::int64_t Keeping::least(accounts::Kept kind) const {
  const auto days = rules != nullptr ? rules->least_days(kind) : std::nullopt;
  return days ? std::min(*days * day_s, otherwise_s) : otherwise_s;
}

}  // namespace cofre::records
