#include "os/placement.h"

#include <gtest/gtest.h>

#include <fstream>
#include <numeric>

#include "os/paths.h"
#include "os/team.h"

namespace cofre::os {
namespace {

/// Two sockets of `cores` cores with two siblings each, as Linux numbers them: 0…, then the siblings.
std::vector<Processor> two_sockets(unsigned cores) {
  std::vector<Processor> processors;
  for (unsigned sibling = 0; sibling < 2; ++sibling)
    for (unsigned core = 0; core < 2 * cores; ++core)
      processors.push_back({sibling * 2 * cores + core, core / cores, core, sibling});
  return processors;
}

std::vector<unsigned> nodes_of(const Placement& placement) {
  std::vector<unsigned> nodes;
  for (const auto& member : placement.members) nodes.push_back(member.node);
  return nodes;
}

std::vector<unsigned> bound(const Placement& placement) {
  std::vector<unsigned> ids;
  for (const auto& member : placement.members)
    ids.insert(ids.end(), member.processors.begin(), member.processors.end());
  return ids;
}

TEST(Placement, PhysicalCoresComeBeforeTheirSiblingsAndThoseOfANodeTogether) {
  const auto cores = place(two_sockets(4), 8, 0);
  EXPECT_EQ(bound(cores), (std::vector<unsigned>{0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(nodes_of(cores), (std::vector<unsigned>{0, 0, 0, 0, 1, 1, 1, 1}));
  EXPECT_EQ(cores.text, "8 threads, each on a processor of its own, on 2 memory nodes (4 + 4)");
  const auto all = place(two_sockets(4), 16, 0);
  EXPECT_EQ(bound(all), (std::vector<unsigned>{0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 12, 13, 14, 15}));
}

TEST(Placement, ATeamOfFewerThanTheCoresFillsANodeBeforeTheNextAndIsBoundToNodesAlone) {
  const auto placement = place(two_sockets(4), 5, 0);
  EXPECT_EQ(nodes_of(placement), (std::vector<unsigned>{0, 0, 0, 0, 1}));
  EXPECT_EQ(placement.members[3].processors, (std::vector<unsigned>{0, 1, 2, 3, 8, 9, 10, 11}));
  EXPECT_EQ(placement.members[4].processors, (std::vector<unsigned>{4, 5, 6, 7, 12, 13, 14, 15}));
}

TEST(Placement, NobodyIsBoundWhereTheSystemFindsBetterPlaces) {
  std::vector<Processor> one_node = two_sockets(4);
  for (auto& processor : one_node) processor.node = 3;
  const Placement loose[] = {place(one_node, 5, 0), place(two_sockets(4), 17, 0), place(two_sockets(4), 8, 7.5)};
  for (const auto& placement : loose) {
    EXPECT_TRUE(bound(placement).empty()) << placement.text;
    EXPECT_EQ(placement.nodes(), 1u);
  }
  EXPECT_EQ(loose[0].text, "5 threads, placed by the system: there are more cores");
  EXPECT_EQ(bound(place(one_node, 8, 16)).size(), 8u);  // a quota of all is none
}

TEST(Placement, AnAffinityMaskThatLeavesSecondSiblingsAloneHasCoresStill) {
  std::vector<Processor> seconds;
  for (const auto& p : two_sockets(2))
    if (p.sibling == 1) seconds.push_back({p.id, p.node, p.core, 0});
  EXPECT_EQ(bound(place(seconds, 4, 0)), (std::vector<unsigned>{4, 5, 6, 7}));
}

/// A made-up / with the few files that are read.
class Topology : public testing::Test {
 protected:
  void put(const std::string& path, const std::string& text) {
    const auto file = root_.path() / "sys/devices/system" / path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  TemporaryDirectory root_{testing::TempDir()};
};

TEST_F(Topology, IsReadAsTheKernelTellsIt) {
  put("node/online", "0-1\n");
  put("node/node0/cpulist", "0-1,4-5\n");
  put("node/node1/cpulist", "2-3,6-7\n");
  for (unsigned id = 0; id < 8; ++id)
    put("cpu/cpu" + std::to_string(id) + "/topology/thread_siblings_list",
        std::to_string(id % 4) + "," + std::to_string(id % 4 + 4) + "\n");
  const unsigned ids[] = {1, 2, 5, 7};  // of core 3 the second sibling alone
  const auto found = describe_processors(ids, root_.path());
  ASSERT_EQ(found.size(), 4u);
  const Processor wanted[] = {{1, 0, 1, 0}, {2, 1, 2, 0}, {5, 0, 1, 1}, {7, 1, 3, 0}};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(found[i].id, wanted[i].id);
    EXPECT_EQ(found[i].node, wanted[i].node);
    EXPECT_EQ(found[i].core, wanted[i].core);
    EXPECT_EQ(found[i].sibling, wanted[i].sibling);
  }
}

TEST_F(Topology, WhereTheKernelTellsNothingEachIsACoreOfOneNode) {
  put("node/online", "garbage-");
  put("cpu/cpu1/topology/thread_siblings_list", "-,x,5-");
  const unsigned ids[] = {0, 1, 2};
  for (const auto& processor : describe_processors(ids, root_.path())) {
    EXPECT_EQ(processor.node, 0u);
    EXPECT_EQ(processor.core, processor.id);
    EXPECT_EQ(processor.sibling, 0u);
  }
}

TEST(Team, MembersRunWhereTheyArePlacedAndTheLeaderIsFreeAgainAfterwards) {
  const auto before = allowed_processors();
  Placement placement{std::vector<Placement::Member>(2), {}};
  placement.members[0].processors = {before.front()};
  placement.members[1].processors = {before.back()};
  Team team(std::move(placement));
  {
    const Team::Lead lead(team);
    std::vector<std::vector<unsigned>> seen(2);
    team.run([&](unsigned member) { seen[member] = allowed_processors(); });
    EXPECT_EQ(seen[0], std::vector<unsigned>{before.front()});
    EXPECT_EQ(seen[1], std::vector<unsigned>{before.back()});
  }
  EXPECT_EQ(allowed_processors(), before);
}

}  // namespace
}  // namespace cofre::os
