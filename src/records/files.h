#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/secret.h"
#include "records/keeping.h"
#include "records/sealed_file.h"
#include "records/tables.h"

namespace cofre::records {

/// A file that an application gave, or that a batch wrote.
struct File {
  std::string id;            ///< "file-…"
  std::uint64_t tenant = 0;  ///< to whom it belongs
  std::string name, purpose;
  std::uint64_t bytes = 0;
  std::int64_t created = 0, expires = 0;
};

/// A page of a list, newest first unless `oldest_first`.
struct Page {
  std::uint32_t limit = 20;
  std::optional<std::string> after{};  ///< an id: what follows it
  bool oldest_first = false;
};

/// Files with their content: sealed under a key of its own each, which stands in the encrypted database, sealed under
/// the key of its holder's tenant: deleting the tenant makes noise of them. A file is seen by its tenant alone; that of
/// another is not there. Any thread.
class Files {
 public:
  struct Options {
    std::filesystem::path folder;  ///< made where it is missing; nobody else writes there
    Clock clock = system_seconds;
  };
  /// `tables` and `keeping` outlive it. Removes content that belongs to no row: uploads that were cut off.
  Files(Tables& tables, const Keeping& keeping, Options options);

  /// A file that is being written; removed again unless it is kept.
  class Draft {
   public:
    Draft(const std::filesystem::path& folder, std::string id);
    void write(std::string_view bytes) { content_.write(bytes); }
    std::uint64_t bytes() const noexcept { return content_.bytes(); }

   private:
    friend class Files;
    std::filesystem::path path_;
    std::string id_;
    crypto::Secret key_;
    SealedWriter content_;
  };
  /// Throws Error(exhausted) where the disk has less free than `bytes` and a reserve, here and while it is written.
  std::unique_ptr<Draft> begin(std::uint64_t bytes = 0) const;

  /// What is known of a draft when it becomes a file.
  struct About {
    std::uint64_t tenant = 0;
    std::string_view name, purpose;
    std::optional<std::int64_t> expires_after_s{};  ///< at most as long as files of this tenant are kept
  };
  /// Complete on the disk when it returns.
  File keep(Draft& draft, const About& about);

  /// The two halves of keep(), for whoever has more to store in one transaction: content first, then, with the mutex
  /// of the tables held, the row.
  File finish(Draft& draft, const About& about) const;
  void insert(const File& file, const Draft& draft);

  std::optional<File> find(std::uint64_t tenant, std::string_view id) const;
  /// One more than the limit where there are more. Throws Error(invalid, after) where that file is not there.
  std::vector<File> list(std::uint64_t tenant, const Page& page, const std::optional<std::string>& purpose) const;
  /// Throws Error(not_found, file_id).
  SealedReader open(std::uint64_t tenant, std::string_view id) const;
  /// What a legal hold keeps is only not seen any more. Throws Error(not_found, file_id), Error(invalid, file_id) where
  /// a batch that runs reads it.
  void remove(std::uint64_t tenant, std::string_view id);

  /// Of files whose rows are gone.
  void remove_contents(const std::vector<std::string>& ids) const;

 private:
  void seal_old_keys();

  Tables& tables_;
  const Keeping& keeping_;
  Options options_;
};

}  // namespace cofre::records
