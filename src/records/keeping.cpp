#include "records/keeping.h"

#include <algorithm>

namespace cofre::records {
namespace {

constexpr std::int64_t day_s = 86'400;
constexpr std::int64_t for_ever_s = std::int64_t{1} << 40;

}  // namespace

std::int64_t Keeping::seconds(accounts::Kept kind, std::uint64_t holder) const {
  const auto days = rules != nullptr ? rules->days(kind, static_cast<std::int64_t>(holder)) : std::nullopt;
  if (days) return *days * day_s;
  return kind == accounts::Kept::chats ? for_ever_s : otherwise_s;
}

std::int64_t Keeping::least(accounts::Kept kind) const {
  const auto days = rules != nullptr ? rules->least_days(kind) : std::nullopt;
  const auto otherwise = kind == accounts::Kept::chats ? for_ever_s : otherwise_s;
  return days ? std::min(*days * day_s, otherwise) : otherwise;
}

}  // namespace cofre::records
