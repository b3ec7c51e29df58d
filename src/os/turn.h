#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "os/spawn.h"

namespace cofre::os {

/// Processes that compute with all cores take turns: while one has the turn the others sleep, so that two teams never
/// spin on the same cores. A page of memory that the processes share holds
///
///   owner    who has the turn: its seat + 1; 0: nobody
///   wants    for each seat, whether it waits
///
/// Whoever leaves hands over to the next seat that waits, round the table, so that nobody starves. A turn that does not
/// move for `patience` (its owner was stopped, or died) is taken over: the rule is about speed, and must never stop
/// work.
class Turns {
 public:
  static constexpr unsigned seats = 64;
  static constexpr std::chrono::milliseconds patience{2000};

  /// A new page; descriptor() is what other processes map.
  Turns();
  /// The page behind a descriptor that was inherited. Throws Error(unavailable) where it cannot be mapped.
  explicit Turns(Descriptor page);
  Turns(const Turns&) = delete;
  Turns& operator=(const Turns&) = delete;
  ~Turns();

  int descriptor() const { return file_.get(); }
  /// Waits for the turn. Requires seat < seats, each seat used by one thread at a time.
  void take(unsigned seat, std::chrono::milliseconds limit = patience) noexcept;
  /// Hands it over; nothing where the turn was taken away meanwhile.
  void leave(unsigned seat) noexcept;
  /// Of a seat whose process has ended.
  void forget(unsigned seat) noexcept;
  /// The seat that has the turn, −1: none.
  int owner() const noexcept;

 private:
  struct Page {
    std::atomic<std::uint32_t> owner;
    std::atomic<std::uint32_t> wants[seats];
  };
  void map();
  Descriptor file_;
  Page* page_ = nullptr;
};

}  // namespace cofre::os
