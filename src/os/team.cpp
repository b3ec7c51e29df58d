#include "os/team.h"

#include <utility>

#include "base/error.h"
#include "os/turn.h"

namespace cofre::os {
namespace {

/// About 50 µs of spinning: longer than any wait between the phases of a layer whose work is evenly split.
constexpr int spins = 1500;

inline void relax() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

void Team::wait_while(const std::atomic<std::uint32_t>& value, std::uint32_t old) noexcept {
  for (int i = 0; i < spins; ++i) {
    if (value.load(std::memory_order_acquire) != old) return;
    relax();
  }
  while (value.load(std::memory_order_acquire) == old) value.wait(old, std::memory_order_acquire);
}

Team::Team(Placement placement)
    : placement_(std::move(placement)), size_(static_cast<unsigned>(placement_.members.size())), awake_(size_) {
  CHECK(size_ >= 1 && size_ < sizes);
  for (unsigned member = 1; member < size_; ++member) threads_.emplace_back([this, member] { serve(member); });
}

Team::Lead::Lead(const Team& team) {
  const auto& own = team.placement_.members[0].processors;
  if (own.empty()) return;
  before_ = allowed_processors();
  bind_thread(own);
}

Team::~Team() {
  stopping_.store(true);
  for (auto* told : {&started_, &calls_}) {
    told->fetch_add(sizes, std::memory_order_release);
    told->notify_all();
  }
}

void Team::use(unsigned members) noexcept {
  CHECK(members >= 1 && members <= all());
  size_ = members;
}

void Team::serve(unsigned member) {
  // Where the system refuses, it places the thread itself: slower perhaps, never wrong.
  bind_thread(placement_.members[member].processors);
  for (std::uint32_t seen = 0;;) {
    wait_while(started_, seen);
    seen = wanted(member);
    if (stopping_.load()) return;
    (*work_)(member);
    barrier();
  }
}

/// The run at hand as soon as it wants this member, or the end.
std::uint32_t Team::wanted(unsigned member) noexcept {
  for (;;) {
    const auto calls = calls_.load(std::memory_order_acquire);
    const auto run = started_.load(std::memory_order_acquire);
    if (member < run % sizes || stopping_.load()) return run;
    calls_.wait(calls, std::memory_order_acquire);
  }
}

void Team::run(const std::function<void(unsigned)>& work) {
  if (turns_ != nullptr) turns_->take(seat_);
  work_ = &work;
  if (size_ > 1) {
    const auto number = started_.load(std::memory_order_relaxed) / sizes + 1;
    started_.store(number * sizes + size_, std::memory_order_release);
    started_.notify_all();
    if (size_ > awake_) {
      calls_.fetch_add(1, std::memory_order_release);
      calls_.notify_all();
    }
    awake_ = size_;
  }
  work(0);
  barrier();
  if (turns_ != nullptr) turns_->leave(seat_);
}

void Team::barrier() noexcept {
  const unsigned size = size_;  // before it has arrived: then use() may be called
  if (size == 1) return;
  const auto phase = phase_.load(std::memory_order_relaxed);
  if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == size) {
    arrived_.store(0, std::memory_order_relaxed);
    phase_.store(phase + 1, std::memory_order_release);
    phase_.notify_all();
    return;
  }
  wait_while(phase_, phase);
}

}  // namespace cofre::os
