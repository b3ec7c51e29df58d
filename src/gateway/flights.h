#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>

#include "gateway/errors.h"

namespace cofre::gateway {

/// Something that runs for a caller and can be told to end.
class Flight {
 public:
  virtual ~Flight() = default;
  /// Ends it, telling the caller why. Any thread.
  virtual void fail(const Failure& failure) = 0;
};

/// Everything that runs, by the key that asked for it: counted against the key's limit, ended when the key is revoked.
class Flights {
 public:
  /// Throws Error(exhausted) where the key has `most` already.
  void enter(std::int64_t key_id, const std::shared_ptr<Flight>& flight, std::uint64_t most);
  void leave(std::int64_t key_id, const Flight* flight);
  /// The key is no longer valid.
  void end_key(std::int64_t key_id);
  /// The box stops.
  void end_all();
  std::size_t count() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::int64_t, std::map<const Flight*, std::weak_ptr<Flight>>> flights_;
  std::size_t count_ = 0;
};

}  // namespace cofre::gateway
