#include "os/paths.h"

#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <vector>

#include "base/error.h"

namespace cofre::os {

std::optional<std::string> environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return std::string(value);
}

std::optional<std::filesystem::path> home_directory() {
  if (auto home = environment("HOME")) return std::filesystem::path(*home);
  struct passwd entry {};
  struct passwd* found = nullptr;
  std::vector<char> strings(16384);
  if (::getpwuid_r(::geteuid(), &entry, strings.data(), strings.size(), &found) != 0 || found == nullptr ||
      found->pw_dir == nullptr || *found->pw_dir == '\0') {
    return std::nullopt;
  }
  return std::filesystem::path(found->pw_dir);
}

std::uint32_t own_user() { return ::geteuid(); }

std::string user_name(std::uint32_t user) {
  struct passwd entry {};
  struct passwd* found = nullptr;
  std::vector<char> strings(16384);
  if (::getpwuid_r(user, &entry, strings.data(), strings.size(), &found) != 0 || found == nullptr) {
    return std::to_string(user);
  }
  return found->pw_name;
}

std::filesystem::path data_directory() {
  if (const auto given = environment("COFRE_DATA")) return std::filesystem::absolute(*given);
  if (::geteuid() == 0) return "/var/lib/cofre";
  const auto home = home_directory();
  if (!home) fail(Code::invalid, "no home directory: set COFRE_DATA to the folder that Cofre may keep its models in");
  return *home / ".local/share/cofre";
}

TemporaryDirectory::TemporaryDirectory(const std::filesystem::path& parent) {
  std::error_code ignored;  // mkdtemp tells the reason
  std::filesystem::create_directories(parent, ignored);
  std::string name = (parent / "tmp.XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    fail(Code::unavailable, "cannot create a folder in {}: {}", parent.string(), std::strerror(errno));
  }
  path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace cofre::os
