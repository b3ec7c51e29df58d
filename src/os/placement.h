#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace cofre::os {

/// A processor as Linux numbers it.
struct Processor {
  unsigned id = 0;
  unsigned node = 0;     ///< of memory
  unsigned core = 0;     ///< the lowest processor of its physical core
  unsigned sibling = 0;  ///< which of those of its core that may be used
};

/// What the kernel tells of these processors (Linux, Documentation/ABI/stable/sysfs-devices-system-cpu and …-node).
/// Where it tells nothing, each is a core of its own and all are of one node. `root` stands for `/` in tests.
std::vector<Processor> describe_processors(std::span<const unsigned> ids, const std::filesystem::path& root = "/");

/// Where the members of a team run.
struct Placement {
  struct Member {
    unsigned node = 0;
    std::vector<unsigned> processors{};  ///< that it is bound to; empty: the system decides
  };
  std::vector<Member> members;  ///< at least one; those of a node side by side, nodes numbered from 0
  std::string text;             ///< the same for people

  /// Nobody is bound, all are of one node. `why` for people.
  static Placement loose(unsigned members, std::string_view why = {});
  unsigned nodes() const { return members.back().node + 1; }
};

/// Places a team. Physical cores come before their siblings, and those of a node together.
///
///   as many members as cores or more   each is bound to a processor of its own
///   fewer, on several nodes            each is bound to its node; within it the system finds a free processor
///   fewer, on one node                 nobody is bound: the system finds free processors
///   more members than processors, or `quota` (CPUs that a cgroup grants, 0: all) below their number: nobody is bound
Placement place(std::vector<Processor> processors, unsigned members, double quota);

/// Places a team of this process; `members` 0: of all processors that it may use.
Placement place_team(unsigned members);

/// The processors that the calling thread may run on.
std::vector<unsigned> allowed_processors();
/// Binds the calling thread; false where the system refuses. Nothing where there are none.
bool bind_thread(std::span<const unsigned> processors) noexcept;

}  // namespace cofre::os
