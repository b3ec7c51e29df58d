#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <vector>

#include "engine/cost_table.h"
#include "engine/page_pool.h"
#include "engine/prefix_tree.h"
#include "engine/sequence.h"

namespace cofre::engine {

/// Decides what each step computes. One thread owns it; it knows tokens and pages, never the model.
///
/// Order of a step: every running generation gets its row; what time is left in the step's budget goes to prompts, by
/// priority, then to the tenant that had the fewest tokens, then by arrival. The budget grows with the prompts that
/// wait, so that a crowd's first tokens do not come one small chunk after the other; a lone prompt delays nobody by
/// more than the budget.
///
/// A chunk of a prompt costs something whatever its size, so small ones are dear. Where the budget holds no chunk that
/// is worth it, a larger one goes through some of the layers in each of several steps; other prompts wait until it is
/// done.
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
    std::size_t layers = 1;         ///< of the model
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
  /// Runs of prompts are followed by generated ones.
  std::vector<Run> plan();
  /// The layers that prompts go through in the planned step: [first, last).
  struct Layers {
    std::size_t first, last;
  };
  Layers prompt_layers() const { return {chunk_.done, chunk_.next}; }
  /// After the step.
  void computed_layers();
  /// After the last look at the plan's runs: those that left while their chunk was computed are gone.
  void end_step() { ended_.clear(); }
  /// After computed_layers(): `run`'s keys and values are computed.
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
  /// Prompt rows on their way through the layers.
  struct Chunk {
    std::vector<Run> runs;
    std::size_t rows = 0;
    std::size_t done = 0, next = 0;  ///< layers that are computed, and that will be after the step
    std::vector<Owned> left;         ///< whose callers left meanwhile: their pages are still written to
  };
  bool grow(Sequence& sequence, std::size_t tokens);
  bool preempt_for(Sequence& sequence);
  bool waits_for_its_group(const Sequence& sequence) const;
  void admit();
  void plan_decode(std::vector<Run>& runs);
  double budget_ms(std::size_t decode_rows) const;
  std::size_t prompt_rows(std::size_t decode_rows, double budget_ms) const;
  void make_chunk(std::size_t rows);
  std::vector<Run> plan_prompts(std::size_t decode_rows);
  void store_prefix(const Sequence& sequence);

  PagePool& pool_;
  PrefixTree& tree_;
  Options options_;
  CostTable costs_;
  std::list<Owned> waiting_;  ///< in order of arrival
  std::list<Owned> running_;  ///< in order of admission
  Chunk chunk_;
  std::vector<Owned> ended_;                ///< left while their chunk was computed; gone with end_step()
  std::map<std::uint64_t, double> served_;  ///< tokens by tenant, halved now and then
  std::vector<std::uint64_t> failed_;
  std::size_t preemptions_ = 0;
};

}  // namespace cofre::engine
