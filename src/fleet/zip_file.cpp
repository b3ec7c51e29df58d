#include "fleet/zip_file.h"

#include <zip.h>

#include <vector>

#include "base/error.h"

namespace cofre::fleet {
namespace {

constexpr zip_int64_t members_max = 10'000;

struct CloseMember {
  void operator()(zip_file_t* member) const { zip_fclose(member); }
};

}  // namespace

void ZipFile::Close::operator()(struct zip* archive) const { zip_discard(archive); }

ZipFile::ZipFile(const std::filesystem::path& path, std::string name) : name_(std::move(name)) {
  int reason = 0;
  archive_.reset(zip_open(path.c_str(), ZIP_RDONLY, &reason));
  if (!archive_) fail(Code::invalid, "{} is no zip archive (libzip error {})", name_, reason);
  const zip_int64_t members = zip_get_num_entries(archive_.get(), 0);
  if (members > members_max) fail(Code::invalid, "{} holds {} files", name_, members);
  members_ = static_cast<std::uint64_t>(members);
}

std::string_view ZipFile::member_name(std::uint64_t member) const {
  const char* name = zip_get_name(archive_.get(), member, 0);
  return name == nullptr ? "" : name;
}

std::uint64_t ZipFile::member_bytes(std::uint64_t member) const {
  zip_stat_t stat;
  const bool known = zip_stat_index(archive_.get(), member, 0, &stat) == 0 && (stat.valid & ZIP_STAT_SIZE) != 0;
  return known ? stat.size : 0;
}

void ZipFile::read(std::uint64_t member, const std::function<void(std::span<const std::byte>)>& sink) const {
  const std::unique_ptr<zip_file_t, CloseMember> file(zip_fopen_index(archive_.get(), member, 0));
  if (!file) fail(Code::invalid, "{}: {}", name_, zip_strerror(archive_.get()));
  std::vector<char> piece(1 << 18);
  while (true) {
    const zip_int64_t got = zip_fread(file.get(), piece.data(), piece.size());
    if (got < 0) fail(Code::invalid, "{} is damaged: {}", name_, zip_file_strerror(file.get()));
    if (got == 0) return;
    sink(std::as_bytes(std::span(piece.data(), static_cast<std::size_t>(got))));
  }
}

}  // namespace cofre::fleet
