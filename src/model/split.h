#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "os/placement.h"
#include "os/team.h"

namespace cofre::model {

/// A team in groups of neighbouring members of one memory node, few enough to draw from one counter without waiting for
/// each other. Of every matrix a group has neighbouring panels, as many as go with its members: they pack them, and so
/// they lie in their node's memory; and they multiply by them before they help others.
class Shares {
 public:
  static constexpr unsigned group_max = 16;  ///< members

  explicit Shares(const os::Placement& placement);

  unsigned members() const { return static_cast<unsigned>(group_of_.size()); }
  unsigned groups() const { return static_cast<unsigned>(first_member_.size()) - 1; }
  unsigned group(unsigned member) const { return group_of_[member]; }
  /// The group's first panel of so many; that of group groups() is one past the last.
  std::size_t begin(std::size_t panels, unsigned group) const;
  std::size_t count(std::size_t panels, unsigned group) const {
    return begin(panels, group + 1) - begin(panels, group);
  }

 private:
  std::vector<unsigned> group_of_;      ///< each member's
  std::vector<unsigned> first_member_;  ///< of each group, and one past the last
};

/// Panels of a task: a multiple of `least`, at most `most`. A member gets about `tasks` of them, so that one that is
/// slower can leave some to others; smaller ones where that lets the last member finish more than a 32nd earlier. So
/// more members never finish later, but for that.
std::size_t chunk_of(std::size_t panels, std::size_t members, std::size_t tasks, std::size_t least, std::size_t most);

/// A member's way through the products of a phase: pieces of its own group's share first, then of the others', of
/// whatever nobody has taken. A Part has `panels()` and `chunk`, the panels of a piece.
class Walk {
 public:
  /// `helps`: or it takes its own group's alone.
  Walk(const Shares& shares, os::Tickets& tickets, unsigned member, bool helps = true)
      : shares_(shares), tickets_(tickets), group_(shares.group(member)), left_(helps ? shares.groups() : 1) {}

  /// The next piece; false where all are taken.
  template <class Part>
  bool next(std::span<const Part> parts) {
    for (; left_ > 0; pass_on()) {
      if (std::exchange(fresh_, false) && tickets_.given(group_) >= tasks(parts)) continue;
      for (const std::size_t task = tickets_.take(1, group_); part_ < parts.size();) {
        const auto& part = parts[part_];
        const std::size_t begin = shares_.begin(part.panels(), group_), end = shares_.begin(part.panels(), group_ + 1);
        first_ = begin + (task - first_task_) * part.chunk;
        last_ = first_ + part.chunk < end ? first_ + part.chunk : end;
        if (first_ < end) return true;
        first_task_ += tasks(part);
        ++part_;
      }
    }
    return false;
  }

  std::size_t part() const { return part_; }
  unsigned group() const { return group_; }
  /// Panels [first, last) of the part.
  std::size_t first() const { return first_; }
  std::size_t last() const { return last_; }

 private:
  /// Of the group at hand.
  template <class Part>
  std::size_t tasks(const Part& part) const {
    return (shares_.count(part.panels(), group_) + part.chunk - 1) / part.chunk;
  }
  template <class Part>
  std::size_t tasks(std::span<const Part> parts) const {
    std::size_t sum = 0;
    for (const auto& part : parts) sum += tasks(part);
    return sum;
  }
  void pass_on() {
    --left_;
    fresh_ = true;
    group_ = (group_ + 1) % shares_.groups();
    part_ = first_task_ = 0;
  }

  const Shares& shares_;
  os::Tickets& tickets_;
  unsigned group_, left_;  ///< groups that are not done
  bool fresh_ = false;     ///< it has just come to help: most often there is nothing left
  std::size_t part_ = 0, first_task_ = 0, first_ = 0, last_ = 0;
};

}  // namespace cofre::model
