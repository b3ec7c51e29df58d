#include "records/sealed_file.h"

#include <array>

#include "base/error.h"

namespace cofre::records {
namespace {

constexpr std::size_t piece_bytes = 64 << 10;

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

}  // namespace

SealedWriter::SealedWriter(std::filesystem::path path, const crypto::Secret& key)
    : path_(std::move(path)), sealer_(key) {
  file_ = std::make_unique<os::AppendFile>(part());
  std::filesystem::permissions(part(), std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  file_->append(sealer_.head());
}

SealedWriter::~SealedWriter() {
  std::error_code ignored;
  if (!is_finished_) std::filesystem::remove(part(), ignored);
}

std::filesystem::path SealedWriter::part() const { return path_.string() + ".part"; }

void SealedWriter::write(std::string_view bytes) {
  bytes_ += bytes.size();
  while (!bytes.empty()) {
    // A full piece waits until something follows it: the last one is sealed as such.
    if (piece_.size() == piece_bytes) {
      file_->append(sealer_.seal(bytes_of(piece_), false));
      piece_.clear();
    }
    const auto part = bytes.substr(0, piece_bytes - piece_.size());
    piece_ += part;
    bytes.remove_prefix(part.size());
  }
}

void SealedWriter::finish() {
  file_->append(sealer_.seal(bytes_of(piece_), true));
  file_.reset();
  os::publish(part(), path_);
  piece_ = {};
  is_finished_ = true;
}

SealedReader::SealedReader(const std::filesystem::path& path, const crypto::Secret& key)
    : name_(path.filename().string()), file_(path, std::ios::binary) {
  if (!file_) fail(Code::not_found, "the content of {} is missing", name_);
  std::array<std::byte, crypto::seal_head_bytes> head{};
  file_.read(reinterpret_cast<char*>(head.data()), head.size());
  if (!file_) fail(Code::invalid, "the content of {} is cut off", name_);
  opener_ = std::make_unique<crypto::Opener>(key, head);
}

bool SealedReader::read(std::string& into) {
  if (is_over_) return false;
  std::string sealed(piece_bytes + crypto::seal_extra_bytes, '\0');
  file_.read(sealed.data(), static_cast<std::streamsize>(sealed.size()));
  if (file_.bad()) fail(Code::unavailable, "the content of {} cannot be read", name_);
  sealed.resize(static_cast<std::size_t>(file_.gcount()));
  const auto opened = opener_->open(bytes_of(sealed));
  into.append(reinterpret_cast<const char*>(opened.bytes.data()), opened.bytes.size());
  is_over_ = opened.is_last;
  return true;
}

}  // namespace cofre::records
