#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <vector>

#include "engine/page_pool.h"
#include "engine/prefix_tree.h"
#include "engine/sequence.h"

namespace cofre::engine {

/// What steps cost, learnt while they run: time of a step ≈ base(decode rows) + fixed + prompt rows · rate. The fixed
/// part is what prompt kernels do once for a matrix, however few rows there are.
class CostTable {
 public:
  void learn(std::size_t prompt_rows, std::size_t decode_rows, double ms);
  /// Prompt rows that fit beside `decode_rows` within `budget_ms`; 0 where decoding alone takes it all.
  std::size_t prompt_rows(std::size_t decode_rows, double budget_ms) const;
  double ms(std::size_t prompt_rows, std::size_t decode_rows) const;

 private:
  /// Sums over the last steps with prompts, older ones fading: a line through (rows, ms), and through the origin as
  /// long as all steps were alike.
  struct Sums {
    double weight = 0, rows = 0, ms = 0, rows_rows = 0, rows_ms = 0;
  };
  void fit();
  Sums sums_;
  double fixed_ms_ = 0, rate_ms_ = 4.0;
  std::map<std::size_t, double> decode_ms_;  ///< by decode rows, rounded up to a power of two
};

/// Decides what each step computes. One thread owns it; it knows tokens and pages, never the model.
///
/// Order of a step: every running generation gets its row; what time is left in the step's budget goes to prompts, by
/// priority, then to the tenant that had the fewest tokens, then by arrival. The budget grows with the prompts that
/// wait, so that a crowd's first tokens do not come one small chunk after the other; a lone prompt delays nobody by
/// more than the budget.
class Scheduler {
 public:
  struct Options {
    std::size_t sequences = 32;     ///< most that run at once
    std::size_t queue = 256;        ///< most that wait
    std::size_t rows = 512;         ///< most rows of a step
    std::size_t context = 4096;     ///< most tokens of a sequence
    double step_budget_ms = 100;    ///< while others generate and one prompt waits
    double alone_budget_ms = 1000;  ///< while none generates: a newcomer, or one who leaves, is noticed after it
    std::size_t draft = 3;          ///< speculated tokens of a lone generation
    std::size_t scored_rows = 32;   ///< most prompt rows of a step that want logits
  };

  /// Rows of one sequence in a step.
  struct Run {
    Sequence* sequence;
    std::size_t first;  ///< position of its first row
    std::size_t count;
    bool generated;
    std::size_t logits;  ///< rows at its end that want logits
  };

  Scheduler(PagePool& pool, PrefixTree& tree, const Options& options);

  /// Takes a generation into the queue. Throws Error(exhausted) where the queue is full, Error(invalid, field prompt)
  /// where the prompt does not fit the context or is empty.
  Sequence& submit(std::uint64_t id, Request request);
  /// Removes a generation and frees its pages.
  void cancel(std::uint64_t id);

  /// The rows of the next step; empty where nothing can run. A sequence that alone outgrew the pool is in `failed`.
  std::vector<Run> plan();
  /// After the step: `run`'s keys and values are computed.
  void computed(const Run& run);
  /// A token was chosen for the sequence. Returns why it is finished, if it is.
  enum class More { yes, end, length };
  More append(Sequence& sequence, TokenId token);
  /// Takes a finished sequence out; its full pages stay findable.
  void finish(Sequence& sequence);

  CostTable& costs() { return costs_; }
  std::size_t waiting() const { return waiting_.size(); }
  std::size_t running() const { return running_.size(); }
  bool idle() const { return waiting_.empty() && running_.empty(); }
  std::vector<std::uint64_t> take_failed() { return std::exchange(failed_, {}); }
  /// Sequences that ran out of pages and wait to be computed again, since the start.
  std::size_t preemptions() const { return preemptions_; }

 private:
  using Owned = std::unique_ptr<Sequence>;
  bool grow(Sequence& sequence, std::size_t tokens);
  bool preempt_for(Sequence& sequence);
  bool waits_for_its_group(const Sequence& sequence) const;
  void admit();
  void plan_decode(std::vector<Run>& runs);
  std::size_t prompt_budget(std::size_t decode_rows) const;
  void plan_prompts(std::vector<Run>& runs, std::size_t decode_rows);
  void store_prefix(const Sequence& sequence);

  PagePool& pool_;
  PrefixTree& tree_;
  Options options_;
  CostTable costs_;
  std::list<Owned> waiting_;                ///< in order of arrival
  std::list<Owned> running_;                ///< in order of admission
  std::map<std::uint64_t, double> served_;  ///< tokens by tenant, halved now and then
  std::vector<std::uint64_t> failed_;
  std::size_t preemptions_ = 0;
};

}  // namespace cofre::engine
