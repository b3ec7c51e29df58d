#pragma once

#include <cstddef>
#include <map>

namespace cofre::engine {

/// How many of a team take part in a step that only generates: as many as are quickest. Such a step is short, and its
/// members wait for each other some hundred times: more are slower than fewer where the model is small, or where other
/// programs take some of the processors. So every now and then two steps are tried with half or with twice as many, and
/// where four such trials were quicker, it stays so. Trials that lost become rarer.
///
/// Steps with prompts always have all: there the products weigh, not the waiting.
class Crew {
 public:
  explicit Crew(unsigned all) : all_(all) {}

  /// Members for the coming step.
  unsigned next(std::size_t prompt_rows, std::size_t decode_rows);
  /// What it took.
  void learn(double ms);

 private:
  /// Of steps with about as many rows.
  struct Habit {
    unsigned members = 0;
    double usual_ms = 0;  ///< with them, lately; 0: not known
    double gain[2] = {0,
                      0};  ///< log of a trial's time by the usual one, with fewer and with more, later ones weigh more
    unsigned trials[2] = {0, 0};
    unsigned steps = 0, interval = first_interval;  ///< since the last trial, and after how many comes the next
    unsigned trial = 0;                             ///< steps left of the trial at hand
    bool more = false;                              ///< which the last trial had, or has
  };
  static constexpr unsigned first_interval = 16, last_interval = 512;
  unsigned tried(const Habit& habit) const;
  void judge(Habit& habit, double ms);

  unsigned all_;
  std::map<std::size_t, Habit> habits_;  ///< by decode rows, rounded up to a power of two
  Habit* now_ = nullptr;                 ///< of the step that runs; none: it has prompts
};

}  // namespace cofre::engine
