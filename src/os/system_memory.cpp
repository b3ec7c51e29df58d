#include "os/system_memory.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>

#include "base/checked.h"

namespace cofre::os {
namespace {

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end == text.data()) return std::nullopt;
  return value;
}

/// The number alone on a file's first line ("max" is none).
std::optional<std::uint64_t> number_in(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  return number(line);
}

/// The number after `key` and blanks, on the line that begins with it.
std::optional<std::uint64_t> field_in(const std::filesystem::path& path, std::string_view key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(key)) continue;
    const auto digit = line.find_first_of("0123456789", key.size());
    if (digit != std::string::npos) return number(std::string_view(line).substr(digit));
  }
  return std::nullopt;
}

/// Names of the files that tell a group's limit, its use, and how much of the use is cache that can be dropped.
struct Names {
  const char* limit;
  const char* use;
  const char* dropped;
};
constexpr Names v2{"memory.max", "memory.current", "inactive_file "};
constexpr Names v1{"memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file "};

/// What the limits of a group and of all its parents below `top` leave.
std::uint64_t left_in(const std::filesystem::path& top, std::string_view group, const Names& names) {
  std::uint64_t left = UINT64_MAX;
  std::filesystem::path at = top / std::filesystem::path(group).relative_path();
  if (!std::filesystem::exists(at / names.use)) at = top;  // in a container the group is often mounted as the top
  while (true) {
    if (const auto limit = number_in(at / names.limit)) {
      const std::uint64_t used = number_in(at / names.use).value_or(0);
      const std::uint64_t cache = field_in(at / "memory.stat", names.dropped).value_or(0);
      const std::uint64_t held = used - std::min(used, cache);
      left = std::min(left, *limit - std::min(*limit, held));
    }
    if (at == top || !at.has_parent_path()) return left;
    at = at.parent_path();
  }
}

/// /proc/self/cgroup: lines `id:controllers:group`; v2's has no controllers.
std::uint64_t left_in_cgroups(const std::filesystem::path& root) {
  std::uint64_t left = UINT64_MAX;
  std::ifstream file(root / "proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const auto first = line.find(':');
    const auto second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const auto controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const auto group = std::string_view(line).substr(second + 1);
    if (controllers == ",,") {
      left = std::min(left, left_in(root / "sys/fs/cgroup", group, v2));
    } else if (controllers.find(",memory,") != std::string::npos) {
      left = std::min(left, left_in(root / "sys/fs/cgroup/memory", group, v1));
    }
  }
  return left;
}

}  // namespace

std::uint64_t usable_memory_bytes(const std::filesystem::path& root) {
  const auto available_kib = field_in(root / "proc/meminfo", "MemAvailable:");
  if (!available_kib) return 0;
  const auto available = checked_mul<std::uint64_t>(*available_kib, 1024).value_or(UINT64_MAX);
  return std::min(available, left_in_cgroups(root));
}

}  // namespace cofre::os
