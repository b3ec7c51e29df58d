#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "accounts/audit/segment.h"

namespace cofre::accounts::audit {

/// A segment as it grows. Throws Error(exhausted) where the disk is full, Error(unavailable) for what else it refuses.
class GrowingFile {
 public:
  virtual ~GrowingFile() = default;
  virtual void append(std::string_view bytes) = 0;
  virtual void sync() = 0;
  virtual void truncate(std::uint64_t bytes) = 0;
  virtual std::uint64_t bytes() const = 0;
};
using OpenFile = std::function<std::unique_ptr<GrowingFile>(const std::filesystem::path&)>;

/// The disk itself: files that their owner alone may read.
std::unique_ptr<GrowingFile> open_on_disk(const std::filesystem::path& path);

/// Appends to the trail's last segment and begins the next. One thread; one process, which the box's lock sees to.
class Writer {
 public:
  struct Opened {
    Link last;                     ///< of the files; what follows is appended behind it
    std::uint64_t torn_bytes = 0;  ///< cut off: a record that was being written when the machine stopped
    bool damaged = false;          ///< the files lack what `head` says was on the disk, or have another record there
  };
  /// Reads the last segment and makes its end whole. Where it is damaged, nothing is cut: a new segment goes on behind
  /// `head`, and verify() finds what is missing. `head`: the last record that the database knows.
  Opened open(const std::filesystem::path& folder, OpenFile open_file, const Link& head);

  bool has_segment() const { return file_ != nullptr; }
  std::uint64_t segment_bytes() const { return synced_bytes_; }
  /// The next append goes into a new segment, whose first record has this number.
  void begin_segment(std::uint64_t first);
  /// On the disk when it returns. Where it throws, nothing of it counts: the next append first cuts off what is there.
  void append(std::string_view lines);

 private:
  std::filesystem::path folder_;
  OpenFile open_file_;
  std::unique_ptr<GrowingFile> file_;
  std::filesystem::path path_;
  std::uint64_t synced_bytes_ = 0;
  bool dirty_ = false;  ///< there may be bytes behind synced_bytes_
};

}  // namespace cofre::accounts::audit
