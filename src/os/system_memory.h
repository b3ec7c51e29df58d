#pragma once

#include <cstdint>
#include <filesystem>

namespace cofre::os {

/// Bytes that this process may use without pushing others out: MemAvailable, lowered by what the limits of its memory
/// cgroup and of that group's parents (v1 and v2) leave. `root` stands for `/` in tests.
/// 0 where the system tells nothing.
std::uint64_t usable_memory_bytes(const std::filesystem::path& root = "/");

}  // namespace cofre::os
