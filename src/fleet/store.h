#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fleet/listener.h"
#include "os/file_lock.h"
#include "os/mapped_file.h"

namespace cofre::fleet {

/// A model in the store, as the record beside its file tells.
struct Stored {
  std::string name;
  std::filesystem::path file;
  std::string sha256;         ///< of the whole file when it was recorded
  os::FileIdentity identity;  ///< size, time and inode at that moment
  std::string origin;         ///< where the bytes came from, for the reader
};

/// The folder `models` of the data directory. Of a model NAME it holds
///
///   NAME.gguf         the file; it gets this name only after its SHA-256 was checked
///   NAME.gguf.json    the record: sha256, size, time, inode, origin
///   NAME.gguf.part    the unfinished part of a transfer   NAME.gguf.state  which pieces of packages it holds
///   NAME.gguf.scratch, NAME.gguf.import   what a transfer or an import is busy with
///   NAME.gguf.lock    while a process works on the model
class Store {
 public:
  explicit Store(std::filesystem::path data_directory) : folder_(std::move(data_directory) / "models") {}

  const std::filesystem::path& folder() const noexcept { return folder_; }
  /// NAME.gguf + suffix. Throws Error(invalid) where `name` is no model name, so that no path leads elsewhere.
  std::filesystem::path path_of(std::string_view name, std::string_view suffix = "") const;

  /// Every model with a file and a record that can be read, by name.
  std::vector<Stored> list() const;
  /// Nothing where there is no such file or record. Throws Error(invalid) where the record cannot be read.
  std::optional<Stored> find(std::string_view name) const;

  /// Throws Error(invalid) where size, time or inode are no longer those recorded: somebody changed the file.
  void check_unchanged(const Stored& stored) const;
  /// Reads the whole file. Throws Error(invalid) with both sums where it is not what was recorded; otherwise records
  /// its new time and inode.
  void verify(const Stored& stored, Listener& listener);

  /// Gives `from`, whose SHA-256 the caller has just checked, its name and writes the record.
  Stored publish(const std::filesystem::path& from, std::string_view name, std::string_view sha256,
                 std::string_view origin);

  /// Writes the record of NAME.gguf as it is now; the caller has just checked that it has this SHA-256.
  Stored record(std::string_view name, std::string_view sha256, std::string_view origin);

  /// Removes the model and unfinished parts of it. Throws Error(not_found) where there is neither.
  /// Returns the bytes set free.
  std::uint64_t remove(std::string_view name);

  /// The right to change this model. Throws Error(unavailable) naming the process that has it.
  os::FileLock lock(std::string_view name) const;

 private:
  std::filesystem::path folder_;
};

/// SHA-256 of a file. Throws Error(cancelled) when the listener wants to stop.
std::string sha256_of_file(const std::filesystem::path& path, Listener& listener);

}  // namespace cofre::fleet
