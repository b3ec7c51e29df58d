#include "os/placement.h"

#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <sstream>
#include <tuple>

#include "base/error.h"
#include "os/cpu.h"

namespace cofre::os {
namespace {

constexpr unsigned processors_max = 8192;  // CONFIG_NR_CPUS of x86 and Arm (MAXSMP)

/// A mask of more processors than cpu_set_t has.
class Mask {
 public:
  cpu_set_t* get() { return sets_.data(); }
  static constexpr std::size_t bytes() { return sizeof(Sets); }
  bool has(unsigned id) const { return CPU_ISSET_S(id, bytes(), sets_.data()); }
  void add(unsigned id) { CPU_SET_S(id, bytes(), sets_.data()); }

 private:
  using Sets = std::array<cpu_set_t, processors_max / CPU_SETSIZE>;
  Sets sets_{};
};

/// "0-3,8" of a file; empty where it cannot be read.
std::vector<unsigned> list_in(const std::filesystem::path& path) {
  std::vector<unsigned> ids;
  std::ifstream file(path);
  for (std::string range; std::getline(file, range, ',');) {
    std::istringstream text(range);
    unsigned first = 0;
    if (!(text >> first)) continue;
    unsigned last = first;
    if (text.get() == '-' && !(text >> last)) continue;
    for (unsigned id = first; id <= last && id < processors_max; ++id) ids.push_back(id);
  }
  return ids;
}

std::string text_of(const Placement& placement, std::string_view how) {
  std::string text = fmt::format("{} threads, {}", placement.members.size(), how);
  if (placement.nodes() == 1) return text;
  std::vector<unsigned> counts(placement.nodes());
  for (const auto& member : placement.members) ++counts[member.node];
  return text + fmt::format(", on {} memory nodes ({})", counts.size(), fmt::join(counts, " + "));
}

}  // namespace

std::vector<Processor> describe_processors(std::span<const unsigned> ids, const std::filesystem::path& root) {
  const auto system = root / "sys/devices/system";
  std::map<unsigned, unsigned> node_of;
  for (const unsigned node : list_in(system / "node/online"))
    for (const unsigned id : list_in(system / fmt::format("node/node{}/cpulist", node))) node_of[id] = node;
  std::vector<Processor> processors;
  std::map<unsigned, unsigned> seen;  // of a core
  for (const unsigned id : ids) {
    const auto siblings = list_in(system / fmt::format("cpu/cpu{}/topology/thread_siblings_list", id));
    const unsigned core = siblings.empty() ? id : *std::min_element(siblings.begin(), siblings.end());
    const auto node = node_of.find(id);
    processors.push_back({id, node == node_of.end() ? 0 : node->second, core, seen[core]++});
  }
  return processors;
}

Placement Placement::loose(unsigned members, std::string_view why) {
  CHECK(members >= 1);
  Placement placement{std::vector<Member>(members), {}};
  placement.text = text_of(placement, "placed by the system");
  if (!why.empty()) placement.text += fmt::format(": {}", why);
  return placement;
}

Placement place(std::vector<Processor> processors, unsigned members, double quota) {
  if (members > processors.size()) return Placement::loose(members, "there are fewer processors");
  if (quota > 0 && quota < static_cast<double>(processors.size()))
    return Placement::loose(members, "a cgroup grants fewer processors than there are");
  const auto cores = std::count_if(processors.begin(), processors.end(), [](const auto& p) { return p.sibling == 0; });
  const bool alone = members >= cores;
  std::map<unsigned, std::vector<unsigned>> of_node;
  for (const auto& p : processors) of_node[p.node].push_back(p.id);
  if (!alone && of_node.size() == 1) return Placement::loose(members, "there are more cores");
  const auto order = [&](auto key) {
    std::sort(processors.begin(), processors.end(), [&](const auto& a, const auto& b) { return key(a) < key(b); });
  };
  order([](const Processor& p) { return std::tuple(p.sibling, p.node, p.core, p.id); });
  processors.resize(members);
  order([](const Processor& p) { return std::tuple(p.node, p.sibling, p.core, p.id); });
  Placement placement;
  std::map<unsigned, unsigned> numbers;
  for (const auto& p : processors) {
    const auto node = numbers.try_emplace(p.node, static_cast<unsigned>(numbers.size())).first->second;
    placement.members.push_back({node, alone ? std::vector{p.id} : of_node[p.node]});
  }
  placement.text = text_of(placement, alone ? "each on a processor of its own" : "each on the processors of a node");
  return placement;
}

Placement place_team(unsigned members) {
  return place(describe_processors(allowed_processors()), members == 0 ? usable_cpus() : members, cpu_quota());
}

std::vector<unsigned> allowed_processors() {
  Mask mask;
  std::vector<unsigned> ids;
  if (::sched_getaffinity(0, Mask::bytes(), mask.get()) != 0) return {0};
  for (unsigned id = 0; id < processors_max; ++id)
    if (mask.has(id)) ids.push_back(id);
  return ids;
}

bool bind_thread(std::span<const unsigned> processors) noexcept {
  if (processors.empty()) return true;
  Mask mask;
  for (const unsigned id : processors) mask.add(id);
  return ::sched_setaffinity(0, Mask::bytes(), mask.get()) == 0;
}

}  // namespace cofre::os
