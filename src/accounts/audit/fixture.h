#pragma once

#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "accounts/audit/export.h"
#include "accounts/audit/trail.h"
#include "accounts/audit/verify.h"
#include "base/error.h"
#include "os/disk.h"
#include "os/paths.h"

namespace cofre::accounts::audit {

/// What a disk does that refuses.
struct Faults {
  bool full = false, no_sync = false;
};

/// A trail in a folder of its own, for tests.
class TrailTest : public testing::Test {
 protected:
  TrailTest() {
    options.folder = folder.path() / "audit";
    options.clock_ms = [this] { return now_ms; };
    options.open_file = [this](const std::filesystem::path& path) { return std::make_unique<Faulty>(faults, path); };
  }
  Trail& open() {
    trail.reset();
    trail = std::make_unique<Trail>(database, database_mutex, master, folder.path(), options);
    return *trail;
  }
  static Entry entry(std::string action, std::string who = "alice") {
    return {.action = std::move(action), .outcome = "ok", .who = std::move(who), .from = "192.0.2.7"};
  }
  Expected expected() const {
    const auto ends = trail->ends();
    return {.head = ends.head, .base = ends.base, .checkpoints = {}, .public_key = ends.public_key};
  }
  Verdict check() const { return verify(options.folder, expected()); }
  std::vector<json::Object> records(const Filter& filter = {}) {
    trail->flush();
    std::vector<json::Object> all;
    Page page;
    while (!page.is_last) {
      page = read_page(options.folder, trail->persons(), filter, page.next, UINT64_MAX, {SIZE_MAX});
      for (const auto& line : page.lines) all.push_back(json::parse(line).as_object());
    }
    return all;
  }
  std::map<std::string, std::string> files() const {
    std::map<std::string, std::string> all;
    for (const auto& segment : segments_in(options.folder))
      all[segment.path.filename().string()] = os::read_whole(segment.path, segment_bytes_most);
    return all;
  }
  void put(const std::map<std::string, std::string>& all) const {
    std::filesystem::remove_all(options.folder);
    std::filesystem::create_directories(options.folder);
    for (const auto& [name, text] : all) std::ofstream(options.folder / name, std::ios::binary) << text;
  }

  class Faulty : public GrowingFile {
   public:
    Faulty(const Faults& faults, const std::filesystem::path& path) : faults_(faults), file_(open_on_disk(path)) {}
    void append(std::string_view bytes) override {
      if (!faults_.full) return file_->append(bytes);
      file_->append(bytes.substr(0, bytes.size() / 2));
      fail(Code::exhausted, "no space left");
    }
    void sync() override {
      if (faults_.no_sync) fail(Code::unavailable, "input/output error");
      file_->sync();
    }
    void truncate(std::uint64_t bytes) override { file_->truncate(bytes); }
    std::uint64_t bytes() const override { return file_->bytes(); }

   private:
    const Faults& faults_;
    std::unique_ptr<GrowingFile> file_;
  };

  os::TemporaryDirectory folder{testing::TempDir()};
  crypto::Secret master = crypto::Secret::random();
  store::Database database{folder.path() / "test.db", master.derive("store")};
  std::mutex database_mutex;
  Faults faults;  // changed only while the trail's thread has nothing to do, or by a test that waits for it
  std::int64_t now_ms = 1'764'040'200'123;
  Trail::Options options;
  std::unique_ptr<Trail> trail;
};

}  // namespace cofre::accounts::audit
