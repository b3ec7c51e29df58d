#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "os/placement.h"

namespace cofre::os {

class Turns;

/// Threads that work on one thing together: every member runs the same function and they meet at barriers.
/// The caller of run() is member 0. One run at a time, from one thread at a time.
///
/// Waiting spins for a moment (a phase of a layer lasts microseconds) and then sleeps, so that a busy machine's other
/// programs get the core.
class Team {
 public:
  /// `threads` ≥ 1, the caller included; the system places them.
  explicit Team(unsigned threads) : Team(Placement::loose(threads)) {}
  /// Each member but the first binds itself; the first is whoever leads (Lead).
  explicit Team(Placement placement);
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  /// Members that work.
  unsigned size() const noexcept { return size_; }
  unsigned all() const noexcept { return static_cast<unsigned>(placement_.members.size()); }
  /// From the next run() on the first `members` work, the others sleep. By who leads, between runs.
  /// Requires 1 ≤ members ≤ all().
  void use(unsigned members) noexcept;
  const Placement& placement() const noexcept { return placement_; }

  /// While it lives the calling thread is bound as the team's first member is. Threads that it starts meanwhile would
  /// be so too.
  class Lead {
   public:
    explicit Lead(const Team& team);
    ~Lead() { bind_thread(before_); }
    Lead(const Lead&) = delete;
    Lead& operator=(const Lead&) = delete;

   private:
    std::vector<unsigned> before_;
  };

  /// From now on every run() takes this seat's turn first: for processes that share the cores. `turns` outlives the
  /// team.
  void take_turns(Turns& turns, unsigned seat) noexcept {
    turns_ = &turns;
    seat_ = seat;
  }

  /// Runs work(member) on every member and returns when all are done. `work` must not throw.
  void run(const std::function<void(unsigned member)>& work);

  /// Inside run(): returns once every member has called it.
  void barrier() noexcept;

 private:
  void serve(unsigned member);
  std::uint32_t wanted(unsigned member) noexcept;
  static constexpr std::uint32_t sizes = 4096;  ///< most members, and one
  static void wait_while(const std::atomic<std::uint32_t>& value, std::uint32_t old) noexcept;

  Placement placement_;
  unsigned size_;
  const std::function<void(unsigned)>* work_ = nullptr;
  Turns* turns_ = nullptr;
  unsigned seat_ = 0;
  // Of the run at hand: its number · sizes + its members. Those that it does not want wait for a call instead, which
  // comes with a run that wants more than the one before: so they are not woken for every run.
  alignas(64) std::atomic<std::uint32_t> started_{0};
  alignas(64) std::atomic<std::uint32_t> calls_{0};
  unsigned awake_ = 0;  ///< members of the last run that was told
  alignas(64) std::atomic<std::uint32_t> arrived_{0};
  alignas(64) std::atomic<std::uint32_t> phase_{0};
  std::atomic<bool> stopping_{false};
  std::vector<std::jthread> threads_;
};

/// Hands out the numbers 0…count−1 in chunks to whoever asks: the dynamic split of a phase's work. Where it is
/// shared out among groups, each group's has numbers of its own.
class Tickets {
 public:
  explicit Tickets(unsigned groups = 1) : groups_(groups), counters_(std::make_unique<Counter[]>(groups)) {}
  void reset() noexcept {
    for (unsigned group = 0; group < groups_; ++group) counters_[group].next.store(0, std::memory_order_relaxed);
  }
  /// The first number of the next chunk of `step`; ≥ count when there is no more.
  std::size_t take(std::size_t step, unsigned group = 0) noexcept {
    return counters_[group].next.fetch_add(step, std::memory_order_relaxed);
  }

  /// What take() would return now: looking disturbs nobody.
  std::size_t given(unsigned group) const noexcept { return counters_[group].next.load(std::memory_order_relaxed); }

 private:
  struct alignas(64) Counter {
    std::atomic<std::size_t> next{0};
  };
  unsigned groups_;
  std::unique_ptr<Counter[]> counters_;
};

}  // namespace cofre::os
