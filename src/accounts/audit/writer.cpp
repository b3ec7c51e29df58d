#include "accounts/audit/writer.h"

#include <utility>

#include "base/error.h"
#include "os/disk.h"

namespace cofre::accounts::audit {
namespace {

class DiskFile : public GrowingFile {
 public:
  explicit DiskFile(const std::filesystem::path& path) : file_(path) {}
  void append(std::string_view bytes) override { file_.append(std::as_bytes(std::span(bytes))); }
  void sync() override { file_.sync(); }
  void truncate(std::uint64_t bytes) override { file_.truncate(bytes); }
  std::uint64_t bytes() const override { return file_.bytes(); }

 private:
  os::AppendFile file_;
};

/// How far a segment is true.
struct Walk {
  Link last;
  std::uint64_t bytes = 0;  ///< of the true records
  bool passes_head = false;
};

Walk walk(std::string_view bytes, std::uint64_t first, const Link& head) {
  Walk seen;
  Lines lines(bytes);
  const auto begin = lines.next();
  const auto previous = begin ? previous_hash(*begin) : std::nullopt;
  if (!previous || first == 0) return seen;
  seen.last = {first - 1, *previous};
  seen.passes_head = seen.last == head;
  lines = Lines(bytes);
  while (const auto line = lines.next()) {
    const auto parts = read_line(*line);
    if (!parts || !follows(seen.last, *parts)) break;
    seen.bytes = lines.at();
    seen.passes_head = seen.passes_head || seen.last == head;
  }
  return seen;
}

}  // namespace

std::unique_ptr<GrowingFile> open_on_disk(const std::filesystem::path& path) {
  os::create_private(path);
  return std::make_unique<DiskFile>(path);
}

Writer::Opened Writer::open(const std::filesystem::path& folder, OpenFile open_file, const Link& head) {
  folder_ = folder;
  open_file_ = std::move(open_file);
  file_.reset();
  auto segments = segments_in(folder_);
  std::uint64_t torn_bytes = 0;
  while (!segments.empty()) {
    const auto segment = segments.back();
    const auto bytes = os::read_whole(segment.path, segment_bytes_most);
    const auto seen = walk(bytes, segment.first, head);
    if (seen.bytes == 0 && segment.first > head.n) {
      // Begun, and torn before its first record was whole: nothing in it was ever acknowledged.
      torn_bytes += bytes.size();
      std::filesystem::remove(segment.path);
      segments.pop_back();
      continue;
    }
    if (!seen.passes_head) return {.last = head, .damaged = true};
    path_ = segment.path;
    file_ = open_file_(path_);
    synced_bytes_ = seen.bytes;
    dirty_ = seen.bytes < bytes.size();
    return {.last = seen.last, .torn_bytes = torn_bytes + bytes.size() - seen.bytes};
  }
  return {.last = head, .torn_bytes = torn_bytes, .damaged = head.n > 0};
}

void Writer::begin_segment(std::uint64_t first) {
  file_.reset();
  path_ = segment_path(folder_, first);
  synced_bytes_ = 0;
  std::filesystem::create_directories(folder_);
  std::filesystem::permissions(folder_, std::filesystem::perms::owner_all);
  file_ = open_file_(path_);
  dirty_ = file_->bytes() > 0;
}

void Writer::append(std::string_view lines) {
  CHECK(has_segment());
  if (dirty_) {
    // After a failed sync the system may have forgotten what it did not write: it is written anew.
    file_.reset();
    file_ = open_file_(path_);
    if (file_->bytes() < synced_bytes_) fail(Code::unavailable, "{} is shorter than it was", path_.string());
    file_->truncate(synced_bytes_);
    file_->sync();
    dirty_ = false;
  }
  dirty_ = true;
  file_->append(lines);
  file_->sync();
  synced_bytes_ += lines.size();
  dirty_ = false;
}

}  // namespace cofre::accounts::audit
