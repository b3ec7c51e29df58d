#include "model/split.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <numeric>

#include "model/placement_fixture.h"

namespace cofre::model {
namespace {

struct Part {
  std::size_t count, chunk;
  std::size_t panels() const { return count; }
};

/// Costs of a simulated machine, in nanoseconds: of a panel for a member of speed 1, more where it lies on another
/// node; of a ticket, during which nobody else gets one of that group's; of a look at a group's counter; of a barrier,
/// for each of its members.
constexpr double panel_ns = 3000, far = 1.5, ticket_ns = 60, look_ns = 20, arrival_ns = 15;

struct Piece {
  unsigned member, group;
  std::size_t part, first, last;
  double begin, end;
};

struct Simulated {
  std::vector<Piece> pieces;
  std::vector<double> done;  ///< when each member found nothing more
  double all = 0;            ///< with the barrier
};

/// Members go through a phase as Phases::multiply_parts does it, the one whose clock is behind first.
Simulated simulate(const os::Placement& placement, std::span<const Part> parts,
                   const std::function<double(unsigned)>& speed) {
  const Shares shares(placement);
  const unsigned members = shares.members();
  os::Tickets tickets(shares.groups());
  std::vector<Walk> walks;
  std::vector<unsigned> node_of_group(shares.groups());
  for (unsigned i = 0; i < members; ++i) {
    walks.emplace_back(shares, tickets, i);
    node_of_group[shares.group(i)] = placement.members[i].node;
  }
  std::vector<double> clock(members, 0), free_at(shares.groups(), 0);
  std::vector<bool> at_work(members, true);
  Simulated out{{}, std::vector<double>(members), 0};
  for (unsigned left = members; left > 0;) {
    unsigned member = members;
    for (unsigned i = 0; i < members; ++i)
      if (at_work[i] && (member == members || clock[i] < clock[member])) member = i;
    double& now = clock[member];
    const auto draw = [&](unsigned group) { now = free_at[group] = std::max(now, free_at[group]) + ticket_ns; };
    Walk& walk = walks[member];
    const unsigned before = walk.group();
    draw(before);
    const bool found = walk.next(parts);
    now += look_ns * ((walk.group() + shares.groups() - before) % shares.groups());
    if (!found) {
      at_work[member] = false;
      out.done[member] = now;
      --left;
      continue;
    }
    if (walk.group() != before) draw(walk.group());
    const double begin = now, distance = node_of_group[walk.group()] == placement.members[member].node ? 1 : far;
    now += panel_ns * distance * static_cast<double>(walk.last() - walk.first()) / speed(member);
    out.pieces.push_back({member, walk.group(), walk.part(), walk.first(), walk.last(), begin, now});
  }
  out.all = *std::max_element(out.done.begin(), out.done.end()) + arrival_ns * members;
  return out;
}

/// Products of a layer: query, key, value · gate and up · one of few panels · the vocabulary.
std::vector<std::vector<Part>> phases(std::size_t members, bool prompt) {
  const auto part = [&](std::size_t panels) {
    return Part{panels, prompt ? chunk_of(panels, members, 2, 4, 8) : chunk_of(panels, members, 8, 1, 16)};
  };
  return {{part(256), part(64), part(64)}, {part(896), part(896)}, {part(255)}, {part(9), part(1)}, {part(8016)}};
}

TEST(Split, EveryPanelIsDoneOnceByWhateverTeam) {
  for (const unsigned members : {1u, 2u, 3u, 16u, 64u, 128u})
    for (const unsigned nodes : {1u, 2u, 8u})
      for (const bool prompt : {false, true}) {
        if (nodes > members) continue;
        const auto placement = placement_of(members, nodes);
        const auto uneven = [](unsigned member) { return 1.0 + 0.3 * (member % 5); };
        for (const auto& parts : phases(members, prompt)) {
          std::vector<std::vector<int>> times;
          for (const auto& part : parts) times.emplace_back(part.count, 0);
          const Shares shares(placement);
          for (const auto& piece : simulate(placement, parts, uneven).pieces) {
            EXPECT_LE(piece.last - piece.first, parts[piece.part].chunk);
            EXPECT_GE(piece.first, shares.begin(parts[piece.part].count, piece.group));
            EXPECT_LE(piece.last, shares.begin(parts[piece.part].count, piece.group + 1));
            for (auto panel = piece.first; panel < piece.last; ++panel) ++times[piece.part][panel];
          }
          for (const auto& of_part : times) EXPECT_EQ(of_part, std::vector<int>(of_part.size(), 1));
        }
      }
}

TEST(Split, GroupsAreSmallAndNeverOfTwoNodes) {
  for (const unsigned members : {1u, 2u, 16u, 17u, 64u, 100u, 128u})
    for (const unsigned nodes : {1u, 2u, 8u}) {
      if (nodes > members) continue;
      const auto placement = placement_of(members, nodes);
      const Shares shares(placement);
      std::vector<unsigned> sizes(shares.groups());
      for (unsigned i = 0; i < members; ++i) {
        ++sizes[shares.group(i)];
        if (i == 0) continue;
        const bool same_node = placement.members[i].node == placement.members[i - 1].node;
        EXPECT_TRUE(same_node || shares.group(i) != shares.group(i - 1));
        EXPECT_LE(shares.group(i) - shares.group(i - 1), 1u);
      }
      for (const unsigned size : sizes) EXPECT_TRUE(size >= 1 && size <= Shares::group_max);
      EXPECT_EQ(shares.group(members - 1), shares.groups() - 1);
    }
  EXPECT_EQ(Shares(placement_of(16, 1)).groups(), 1u);
  EXPECT_EQ(Shares(placement_of(64, 2)).groups(), 4u);
}

TEST(Split, MembersTakeTheirOwnGroupsShareFirst) {
  const auto placement = placement_of(64, 4);
  const Shares shares(placement);
  // Group 0 is twice as fast: it helps the others, and nobody else has to.
  const auto speed = [&](unsigned member) { return shares.group(member) == 0 ? 2.0 : 1.0; };
  const auto parts = phases(64, false)[1];
  const auto out = simulate(placement, parts, speed);
  std::vector<bool> left_home(64);
  std::size_t helped = 0;
  for (const auto& piece : out.pieces) {
    const bool home = piece.group == shares.group(piece.member);
    EXPECT_FALSE(home && left_home[piece.member]);
    if (!home) left_home[piece.member] = true;
    helped += home ? 0 : 1;
  }
  EXPECT_GT(helped, 0u);
  // Those of equal speed and share stay at home.
  const auto even = simulate(placement, parts, [](unsigned) { return 1.0; });
  for (const auto& piece : even.pieces) EXPECT_EQ(piece.group, shares.group(piece.member));
}

TEST(Split, NobodyRestsWhileAnotherHasMoreThanTheTaskAtHand) {
  for (const unsigned members : {16u, 64u, 128u})
    for (const unsigned nodes : {1u, 2u, 8u}) {
      const auto speed = [](unsigned member) { return member % 7 == 3 ? 0.25 : 1.0 + 0.1 * (member % 3); };
      for (const auto& parts : phases(members, false)) {
        const auto out = simulate(placement_of(members, nodes), parts, speed);
        const double first_to_rest = *std::min_element(out.done.begin(), out.done.end());
        const double queue = ticket_ns * members;  // one that waits for its ticket is at work already
        for (const auto& piece : out.pieces) EXPECT_LE(piece.begin, first_to_rest + queue) << members << " " << nodes;
      }
    }
}

TEST(Split, MoreMembersAreNeverSlowerThanFewer) {
  const auto layer = [](unsigned members, unsigned nodes, bool prompt) {
    double time = 0;
    for (const auto& parts : phases(members, prompt))
      time += simulate(placement_of(members, nodes), parts, [](unsigned) { return 1.0; }).all;
    return time;
  };
  for (const unsigned nodes : {1u, 2u})
    for (const bool prompt : {false, true}) {
      std::vector<double> times(129);
      for (unsigned members = nodes; members <= 128; members += nodes) times[members] = layer(members, nodes, prompt);
      // One more on each node may get no task more done than there were, and be one more to wait for.
      for (unsigned members = 2 * nodes; members <= 128; members += nodes)
        EXPECT_LE(times[members], times[members - nodes] * 1.02) << members << " members, " << nodes << " nodes";
      for (unsigned members = 2 * nodes; members <= 128; members *= 2)
        EXPECT_LT(times[members], times[members / 2] * 0.8);
    }
}

TEST(Split, TheSizeOfTasksNeverMakesMoreMembersFinishLater) {
  for (const std::size_t least : {1u, 4u})
    for (std::size_t panels = 1; panels < 600; panels += 7) {
      std::size_t before = 16 * panels;
      for (std::size_t members = 1; members <= 128; ++members) {
        const std::size_t chunk = chunk_of(panels, members, 2, least, 16);
        ASSERT_TRUE(chunk >= least && chunk <= 16 && chunk % least == 0);
        const std::size_t last = ((panels + chunk - 1) / chunk + members - 1) / members * chunk;
        EXPECT_LE(last, before + before / 32) << panels << " panels, " << members << " members";
        before = std::min(before, last);
      }
    }
}

}  // namespace
}  // namespace cofre::model
