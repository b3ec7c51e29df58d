#include "engine/crew.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace cofre::engine {

unsigned Crew::tried(const Habit& habit) const {
  return habit.more ? std::min(all_, habit.members * 2) : std::max(1u, habit.members / 2);
}

unsigned Crew::next(std::size_t prompt_rows, std::size_t decode_rows) {
  now_ = nullptr;
  if (prompt_rows > 0 || decode_rows == 0 || all_ == 1) return all_;
  auto& habit = habits_.try_emplace(std::bit_ceil(decode_rows), Habit{.members = all_}).first->second;
  now_ = &habit;
  if (habit.trial == 0 && habit.steps >= habit.interval) {
    habit.steps = 0;
    habit.trial = 2;
    habit.more = habit.members == 1 || (!habit.more && habit.members < all_);
  }
  return habit.trial > 0 ? tried(habit) : habit.members;
}

void Crew::learn(double ms) {
  if (now_ == nullptr) return;
  auto& habit = *now_;
  constexpr double memory = 0.8;
  if (habit.trial == 0) {
    habit.usual_ms = habit.usual_ms == 0 ? ms : memory * habit.usual_ms + (1 - memory) * ms;
    ++habit.steps;
  } else if (--habit.trial == 0) {  // the first step of a trial wakes members up: the second counts
    judge(habit, ms);
  }
}

void Crew::judge(Habit& habit, double ms) {
  constexpr double memory = 0.7;
  constexpr unsigned enough = 4;
  const double quicker = std::log(0.93);
  auto& gain = habit.gain[habit.more];
  auto& trials = habit.trials[habit.more];
  const double found = std::log(ms / habit.usual_ms);
  gain = trials == 0 ? found : memory * gain + (1 - memory) * found;
  ++trials;
  habit.interval = found < quicker ? first_interval : std::min(last_interval, habit.interval * 2);
  if (trials < enough || gain > quicker) return;
  habit = {.members = tried(habit), .more = !habit.more};
}

}  // namespace cofre::engine
