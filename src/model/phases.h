#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "kernels/kernels.h"
#include "model/cutter.h"
#include "model/split.h"
#include "model/weights.h"
#include "os/memory.h"
#include "os/team.h"

namespace cofre::model {

/// What Decoder and Encoder are made of: a pass is a fixed program of phases. Every member of the team runs it, takes
/// work of the phase at hand, and waits for the others at its end.
class Phases {
 protected:
  /// A member of the team on its way through the phases.
  struct Member {
    unsigned index;
    std::size_t phase = 0;
  };
  /// Rows times a matrix, cut into tasks of `chunk` panels.
  struct Part {
    const Linear* linear;
    kernels::Rows rows;
    kernels::Output out;
    bool exact;
    std::size_t chunk;

    std::size_t panels() const { return linear->panels.panels(); }
  };

  Phases(const kernels::Kernels& kernels, os::Team& team)
      : kernels_(kernels),
        team_(team),
        shares_(team.placement()),
        tickets_{os::Tickets(shares_.groups()), os::Tickets(shares_.groups())} {}

  /// Before a pass: no work of its phases is taken.
  void begin() {
    tickets_[0].reset();
    tickets_[1].reset();
  }
  os::Tickets& tickets(const Member& member) { return tickets_[member.phase % 2]; }
  /// Every phase ends here. The counter of the next phase was last used before this one: member 0 can reset it now.
  void end_phase(Member& member) {
    if (member.index == 0) tickets_[(member.phase + 1) % 2].reset();
    team_.barrier();
    ++member.phase;
  }
  /// A phase: work(row) of rows [first, last).
  template <class Work>
  void each_row(Member& member, std::size_t first, std::size_t last, Work&& work);
  /// A phase: all tasks of all parts.
  void multiply_parts(Member& member, std::span<const Part> parts);
  /// Panels of a task of the prompt kernel, of the exact one.
  std::size_t prompt_chunk(std::size_t panels) const {
    return chunk_of(panels, team_.size(), 2, 4, kernels_.prompt_panels);
  }
  std::size_t exact_chunk(std::size_t panels) const { return chunk_of(panels, team_.size(), 8, 1, 16); }
  void add_bias(float* y, const Linear& linear) const {
    if (!linear.bias.empty()) kernels_.add(y, linear.bias.data(), linear.bias.size());
  }
  static float* at(float* base, std::size_t row, std::size_t width) { return base + row * width; }

  const kernels::Kernels& kernels_;
  os::Team& team_;
  std::vector<os::Buffer> scratch_;  ///< of each member

 private:
  Shares shares_;
  os::Tickets tickets_[2];
};

template <class Work>
void Phases::each_row(Member& member, std::size_t first, std::size_t last, Work&& work) {
  constexpr std::size_t step = 4;
  auto& tickets_now = tickets(member);
  for (auto at = first + tickets_now.take(step); at < last; at = first + tickets_now.take(step))
    for (std::size_t row = at; row < std::min(last, at + step); ++row) work(row);
  end_phase(member);
}

}  // namespace cofre::model
