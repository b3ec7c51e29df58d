#include "gateway/admin/model_upload.h"

#include <charconv>
#include <span>
#include <utility>

#include "base/error.h"
#include "gateway/errors.h"
#include "records/tables.h"

namespace cofre::gateway::admin {
namespace {

constexpr std::uint64_t disk_reserve_bytes = std::uint64_t{1} << 30;  ///< left for the database and the log

[[noreturn]] void fail_full(std::uint64_t free) {
  auto failure = failure_of(507, fmt::format("the disk of the box has {} MiB free, too few for this file", free >> 20));
  failure.code = "insufficient_storage";
  failure.retry = false;
  throw failure;
}

}  // namespace

ModelUpload::ModelUpload(const http::Request& head, const std::filesystem::path& data)
    : path_(data / "models" / records::new_id("upload-")) {
  std::filesystem::create_directories(path_.parent_path());
  std::uint64_t bytes = 0;
  if (const auto length = head.headers.find("content-length"))
    std::from_chars(length->data(), length->data() + length->size(), bytes);
  const auto free = os::free_disk_bytes(path_.parent_path());
  if (free < disk_reserve_bytes || free - disk_reserve_bytes < bytes) fail_full(free);
  file_ = std::make_unique<os::AppendFile>(path_);
}

ModelUpload::~ModelUpload() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove(path_, ignored);
}

void ModelUpload::take(std::string_view piece) noexcept {
  if (failed_) return;
  try {
    file_->append(std::as_bytes(std::span(piece)));
  } catch (...) {
    failed_ = std::current_exception();  // told when the body is whole: until then the client does not listen
    file_.reset();
  }
}

std::filesystem::path ModelUpload::keep() {
  if (failed_) {
    try {
      std::rethrow_exception(failed_);
    } catch (const Error& error) {
      if (error.code() == Code::exhausted) fail_full(os::free_disk_bytes(path_.parent_path()));
      throw;
    }
  }
  if (file_->bytes() == 0) fail(Code::invalid, "the body is empty: it must be the model's file");
  file_->sync();
  file_.reset();
  return std::exchange(path_, {});
}

}  // namespace cofre::gateway::admin
