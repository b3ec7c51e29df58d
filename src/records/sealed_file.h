#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>

#include "crypto/seal.h"
#include "os/disk.h"

namespace cofre::records {

/// A file on the disk whose content is sealed in pieces of 64 KiB: the head of crypto::Sealer, then the pieces, each
/// full but the last. Written once, from front to back.
class SealedWriter {
 public:
  /// Readable by its owner alone. Throws Error(exhausted) where the disk is full, here and later.
  SealedWriter(std::filesystem::path path, const crypto::Secret& key);
  /// Removes a file that was not finished.
  ~SealedWriter();
  SealedWriter(const SealedWriter&) = delete;
  SealedWriter& operator=(const SealedWriter&) = delete;

  void write(std::string_view bytes);
  /// Returns when everything is on the disk, the name in its folder too.
  void finish();
  std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  std::filesystem::path part() const;  ///< its name while it is written

  std::filesystem::path path_;
  crypto::Sealer sealer_;
  std::unique_ptr<os::AppendFile> file_;
  std::string piece_;
  std::uint64_t bytes_ = 0;
  bool is_finished_ = false;
};

class SealedReader {
 public:
  /// Throws Error(not_found) where there is no such file, Error(invalid) where it is not sealed under this key.
  SealedReader(const std::filesystem::path& path, const crypto::Secret& key);

  /// Appends the next piece; false after the last. Throws Error(invalid) where the file was changed or cut.
  bool read(std::string& into);

 private:
  std::string name_;
  std::ifstream file_;
  std::unique_ptr<crypto::Opener> opener_;
  bool is_over_ = false;
};

}  // namespace cofre::records
