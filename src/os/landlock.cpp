#include "os/landlock.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

#include "base/error.h"
#include "os/spawn.h"

namespace cofre::os {
namespace {

// linux/landlock.h as of ABI 6; Debian 12's header ends before the network.
struct RulesetAttributes {
  std::uint64_t handled_access_fs, handled_access_net, scoped;
};
struct [[gnu::packed]] PathBeneath {
  std::uint64_t allowed_access;
  std::int32_t parent_fd;
};
constexpr unsigned create_version = 1;
constexpr int rule_path_beneath = 1;
constexpr std::uint64_t read_file = 1u << 2, read_dir = 1u << 3;
constexpr std::uint64_t files_abi1 = (1u << 13) - 1;  ///< execute, write, read, remove and make of every kind
constexpr std::uint64_t refer_abi2 = 1u << 13, truncate_abi3 = 1u << 14, ioctl_abi5 = 1u << 15;
constexpr std::uint64_t net_abi4 = 3;     ///< bind and connect TCP
constexpr std::uint64_t scopes_abi6 = 3;  ///< abstract Unix sockets, signals

long abi_version() { return ::syscall(SYS_landlock_create_ruleset, nullptr, 0, create_version); }

void allow(int ruleset, const std::filesystem::path& path) {
  const Descriptor file(::open(path.c_str(), O_PATH | O_CLOEXEC));
  struct stat info {};
  if (!file || ::fstat(file.get(), &info) != 0) return;
  const PathBeneath rule{S_ISDIR(info.st_mode) ? read_file | read_dir : read_file, file.get()};
  if (::syscall(SYS_landlock_add_rule, ruleset, rule_path_beneath, &rule, 0) != 0)
    fail(Code::unsupported, "Landlock refuses {}: {}", path.string(), std::strerror(errno));
}

}  // namespace

std::string restrict_files(const std::vector<std::filesystem::path>& readable) {
  const long abi = abi_version();
  if (abi < 1) fail(Code::unsupported, "this kernel has no Landlock ({})", std::strerror(errno));
  RulesetAttributes attributes{files_abi1, 0, 0};
  if (abi >= 2) attributes.handled_access_fs |= refer_abi2;
  if (abi >= 3) attributes.handled_access_fs |= truncate_abi3;
  if (abi >= 4) attributes.handled_access_net = net_abi4;
  if (abi >= 5) attributes.handled_access_fs |= ioctl_abi5;
  if (abi >= 6) attributes.scoped = scopes_abi6;
  const std::size_t size = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
  const Descriptor ruleset(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, size, 0)));
  if (!ruleset) fail(Code::unsupported, "Landlock refuses its rules: {}", std::strerror(errno));
  for (const auto& path : readable) allow(ruleset.get(), path);
  if (::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0)
    fail(Code::unsupported, "Landlock refuses to begin: {}", std::strerror(errno));
  return fmt::format("Landlock {}: only {} paths can be read, none written{}{}", abi, readable.size(),
                     abi >= 4 ? ", no TCP ports" : "", abi >= 6 ? ", no signals to others" : "");
}

}  // namespace cofre::os
