#include "gateway/flights.h"

#include <vector>

namespace cofre::gateway {

void Flights::enter(std::int64_t key_id, const std::shared_ptr<Flight>& flight, std::uint64_t most) {
  const std::scoped_lock lock(mutex_);
  auto& of_key = flights_[key_id];
  if (of_key.size() >= most) fail(Code::exhausted, "{} requests of this key run already; that is the most", most);
  of_key.emplace(flight.get(), flight);
  ++count_;
}

void Flights::leave(std::int64_t key_id, const Flight* flight) {
  const std::scoped_lock lock(mutex_);
  const auto found = flights_.find(key_id);
  if (found == flights_.end()) return;
  count_ -= found->second.erase(flight);
  if (found->second.empty()) flights_.erase(found);
}

void Flights::end_key(std::int64_t key_id) {
  std::vector<std::shared_ptr<Flight>> ending;
  {
    const std::scoped_lock lock(mutex_);
    const auto found = flights_.find(key_id);
    if (found == flights_.end()) return;
    for (const auto& [pointer, weak] : found->second)
      if (auto flight = weak.lock()) ending.push_back(std::move(flight));
  }
  for (const auto& flight : ending) flight->fail(key_over());
}

void Flights::end_all() {
  std::vector<std::shared_ptr<Flight>> ending;
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& [key_id, of_key] : flights_)
      for (const auto& [pointer, weak] : of_key)
        if (auto flight = weak.lock()) ending.push_back(std::move(flight));
  }
  for (const auto& flight : ending) flight->fail(stopping());
}

std::size_t Flights::count() const {
  const std::scoped_lock lock(mutex_);
  return count_;
}

}  // namespace cofre::gateway
