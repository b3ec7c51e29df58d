#pragma once

#include <chrono>
#include <cstdint>
#include <map>

namespace cofre::fleet {

/// Requests that ran when a worker died of a fault or froze. Whoever was there twice within ten minutes is refused for
/// as long; an answer that ends well clears it.
class Strikes {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr int most = 2;
  static constexpr std::chrono::minutes memory{10};

  void add(std::uint64_t fingerprint, Clock::time_point now) {
    std::erase_if(list_, [&](const auto& item) { return now - item.second.last > memory; });
    auto& one = list_[fingerprint];
    ++one.count;
    one.last = now;
  }
  void clear(std::uint64_t fingerprint) { list_.erase(fingerprint); }
  bool refused(std::uint64_t fingerprint, Clock::time_point now) const {
    const auto found = list_.find(fingerprint);
    return found != list_.end() && found->second.count >= most && now - found->second.last <= memory;
  }

 private:
  struct One {
    int count = 0;
    Clock::time_point last;
  };
  std::map<std::uint64_t, One> list_;
};

}  // namespace cofre::fleet
