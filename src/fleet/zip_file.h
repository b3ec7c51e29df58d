#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

struct zip;

namespace cofre::fleet {

/// A zip archive, read only.
class ZipFile {
 public:
  /// `name` is what errors call it. Throws Error(invalid) where it is no archive or holds too many members.
  ZipFile(const std::filesystem::path& path, std::string name);

  std::uint64_t members() const noexcept { return members_; }
  /// Empty where it has none that can be read.
  std::string_view member_name(std::uint64_t member) const;
  /// Bytes of a member as the archive claims them: the content may be longer.
  std::uint64_t member_bytes(std::uint64_t member) const;
  /// Gives a member's content away piece by piece. Throws Error(invalid) where it is damaged.
  void read(std::uint64_t member, const std::function<void(std::span<const std::byte>)>& sink) const;

 private:
  struct Close {
    void operator()(struct zip* archive) const;
  };
  std::string name_;
  std::unique_ptr<struct zip, Close> archive_;
  std::uint64_t members_ = 0;
};

}  // namespace cofre::fleet
