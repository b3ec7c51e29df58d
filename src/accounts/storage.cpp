#include <algorithm>

#include "accounts/quotas.h"
#include "base/error.h"

// Quotas of storage: what is stored stands in the database, what is being stored in memory.
namespace cofre::accounts {

Room::~Room() {
  if (quotas_ == nullptr) return;
  const std::scoped_lock lock(quotas_->mutex_);
  quotas_->for_each(user_, [&](Quotas::Counter& counter) {
    if (counter.quota.metric == Quota::Metric::storage) counter.reserved -= std::min(counter.reserved, bytes_);
  });
}

void Room::swap(Room& other) noexcept {
  std::swap(quotas_, other.quotas_);
  std::swap(user_, other.user_);
  std::swap(bytes_, other.bytes_);
}

/// Bytes of whom the quota speaks of. With the database held.
std::uint64_t Quotas::stored(const Quota& quota) const {
  const auto sum = [&](std::string_view condition) {
    auto row = database_.query(
        fmt::format("SELECT sum(bytes) FROM stored_bytes JOIN owners ON owners.id = stored_bytes.owner WHERE {} = ?",
                    condition),
        quota.subject);
    return row.next() ? static_cast<std::uint64_t>(std::max<std::int64_t>(0, row.integer(0))) : 0;
  };
  switch (quota.level) {
    case Level::box: return sum("0");
    case Level::tenant: return sum("owners.tenant");
    case Level::department: return sum("owners.department");
    case Level::user: return sum("owners.id");
    case Level::key: return 0;
  }
  CHECK(false);
  return 0;
}

bool Quotas::limits_storage(const User& user) {
  bool limits = false;
  const std::scoped_lock lock(mutex_);
  for_each(user, [&](const Counter& counter) { limits |= counter.quota.metric == Quota::Metric::storage; });
  return limits;
}

std::optional<Quotas::Refusal> Quotas::make_room(const User& user, std::uint64_t bytes, Room& into) {
  Room made;
  made.quotas_ = this;
  made.user_ = user;
  made.user_.model.clear();
  if (auto refusal = widen(made, bytes)) return refusal;
  into = std::move(made);
  return std::nullopt;
}

std::optional<Quotas::Refusal> Quotas::widen(Room& room, std::uint64_t bytes) {
  CHECK(room.quotas_ == this);
  if (room.bytes_ > 0 && bytes <= room.bytes_) return std::nullopt;
  const auto more = bytes - std::min(bytes, room.bytes_);
  if (!limits_storage(room.user_)) {
    room.bytes_ += more;
    return std::nullopt;
  }
  // The database is held meanwhile: what is stored is counted there before its room is given back, so that nothing is
  // overlooked between the two.
  std::optional<Refusal> refusal;
  const std::scoped_lock lock(database_mutex_, mutex_);
  for_each(room.user_, [&](Counter& counter) {
    const auto& quota = counter.quota;
    if (quota.metric != Quota::Metric::storage || refusal) return;
    counter.used = stored(quota);
    const auto taken = counter.used + counter.reserved;
    if (taken < quota.amount && more <= quota.amount - taken) return;
    refusal = Refusal{quota, 0,
                      fmt::format("the quota of {} is used up: {} used, {} set aside, {} wanted", text_of(quota),
                                  counter.used, counter.reserved, more)};
  });
  if (refusal) return refusal;
  for_each(room.user_, [&](Counter& counter) {
    if (counter.quota.metric == Quota::Metric::storage) counter.reserved += more;
  });
  room.bytes_ += more;
  return std::nullopt;
}

}  // namespace cofre::accounts
