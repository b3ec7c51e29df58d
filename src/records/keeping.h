#pragma once

#include <cstdint>
#include <functional>

#include "accounts/retention.h"

namespace cofre::records {

/// How long what belongs to a holder is kept, and what must not go.
struct Keeping {
  std::int64_t otherwise_s = 30 * 86400;           ///< where no rule speaks; chats are then kept for ever
  const accounts::Retention* rules = nullptr;      ///< null: there are none
  std::function<bool(std::uint64_t holder)> held;  ///< by a legal hold; called with the database's mutex held

  std::int64_t seconds(accounts::Kept kind, std::uint64_t holder) const;
  /// Of all holders.
  std::int64_t least(accounts::Kept kind) const;
  bool is_held(std::uint64_t holder) const { return held && held(holder); }
};

}  // namespace cofre::records
