#include "records/files.h"

#include <algorithm>
#include <unordered_set>

#include "base/error.h"
#include "records/holders.h"

namespace cofre::records {
namespace {

constexpr std::uint64_t disk_reserve_bytes = 256ULL << 20;  ///< left for the database and the log
constexpr std::string_view columns = "id, tenant, name, purpose, bytes, created, expires";

File file_of(const store::Statement& row) {
  return {.id = row.text(0),
          .tenant = static_cast<std::uint64_t>(row.integer(1)),
          .name = row.text(2),
          .purpose = row.text(3),
          .bytes = static_cast<std::uint64_t>(row.integer(4)),
          .created = row.integer(5),
          .expires = row.integer(6)};
}

[[noreturn]] void fail_missing(std::string_view id) {
  fail_field(Code::not_found, "file_id", "there is no file \"{}\"", id.substr(0, 64));
}

}  // namespace

Files::Draft::Draft(const std::filesystem::path& folder, std::string id)
    : path_(folder / id), id_(std::move(id)), key_(crypto::Secret::random()), content_(path_, key_) {}

Files::Files(Tables& tables, const Keeping& keeping, Options options)
    : tables_(tables), keeping_(keeping), options_(std::move(options)) {
  std::filesystem::create_directories(options_.folder);
  std::filesystem::permissions(options_.folder, std::filesystem::perms::owner_all);
  std::unordered_set<std::string> known;
  const std::lock_guard hold(tables_.mutex);
  seal_old_keys();
  for (auto row = tables_.database.query("SELECT id FROM files"); row.next();) known.insert(row.text(0));
  for (const auto& entry : std::filesystem::directory_iterator(options_.folder))
    if (!known.contains(entry.path().filename().string())) std::filesystem::remove(entry.path());
}

/// Of files from before tenants had keys: those of deleted tenants go with what was theirs.
void Files::seal_old_keys() {
  struct Old {
    std::int64_t number;
    std::string id;
    std::uint64_t holder;
    std::vector<std::byte> key;
  };
  std::vector<Old> old;
  for (auto row = tables_.database.query("SELECT number, id, tenant, key FROM files WHERE length(key) = ?",
                                         static_cast<std::int64_t>(crypto::secret_bytes));
       row.next();)
    old.push_back({row.integer(0), row.text(1), static_cast<std::uint64_t>(row.integer(2)), row.blob(3)});
  if (old.empty()) return;
  {
    store::Transaction transaction(tables_.database);
    for (const auto& file : old) {
      try {
        const auto sealed = seal_key(tables_.database, file.holder, file.key, file.id);
        tables_.database.run("UPDATE files SET key = ? WHERE number = ?", std::as_bytes(std::span(sealed)),
                             file.number);
      } catch (const Error& error) {
        if (error.code() != Code::not_found) throw;
        tables_.database.run("DELETE FROM files WHERE number = ?", file.number);
      }
    }
    transaction.commit();
  }
  tables_.database.empty_log();
}

std::unique_ptr<Files::Draft> Files::begin(std::uint64_t bytes) const {
  const auto free = os::free_disk_bytes(options_.folder);
  if (free < disk_reserve_bytes || free - disk_reserve_bytes < bytes)
    fail_field(Code::exhausted, os::full_disk, "the disk of the box is full: {} MiB are free", free >> 20);
  return std::make_unique<Draft>(options_.folder, new_id("file-"));
}

File Files::finish(Draft& draft, const About& about) const {
  draft.content_.finish();
  const auto now = options_.clock(), kept_s = keeping_.seconds(accounts::Kept::files, about.tenant);
  return {.id = draft.id_,
          .tenant = about.tenant,
          .name = std::string(about.name),
          .purpose = std::string(about.purpose),
          .bytes = draft.bytes(),
          .created = now,
          .expires = now + std::min(about.expires_after_s.value_or(kept_s), kept_s)};
}

void Files::insert(const File& file, const Draft& draft) {
  check_not_erased(tables_.database, file.tenant);
  const auto key = seal_key(tables_.database, file.tenant, draft.key_.bytes(), file.id);
  tables_.database.run(
      "INSERT INTO files (id, tenant, name, purpose, bytes, key, created, expires) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      file.id, static_cast<std::int64_t>(file.tenant), file.name, file.purpose, static_cast<std::int64_t>(file.bytes),
      std::as_bytes(std::span(key)), file.created, file.expires);
}

File Files::keep(Draft& draft, const About& about) {
  auto file = finish(draft, about);
  try {
    const std::lock_guard hold(tables_.mutex);
    insert(file, draft);
  } catch (...) {
    remove_contents({file.id});
    throw;
  }
  return file;
}

std::optional<File> Files::find(std::uint64_t tenant, std::string_view id) const {
  const std::lock_guard hold(tables_.mutex);
  auto row =
      tables_.database.query(fmt::format("SELECT {} FROM files WHERE id = ? AND tenant = ? AND expires > ?", columns),
                             id, static_cast<std::int64_t>(tenant), options_.clock());
  if (!row.next()) return std::nullopt;
  return file_of(row);
}

std::vector<File> Files::list(std::uint64_t tenant, const Page& page, const std::optional<std::string>& purpose) const {
  const auto owner = static_cast<std::int64_t>(tenant);
  std::int64_t after = page.oldest_first ? 0 : INT64_MAX;
  const std::lock_guard hold(tables_.mutex);
  if (page.after) {
    auto row = tables_.database.query("SELECT number FROM files WHERE id = ? AND tenant = ?", *page.after, owner);
    if (!row.next()) fail_field(Code::invalid, "after", "after: there is no file \"{}\"", page.after->substr(0, 64));
    after = row.integer(0);
  }
  std::vector<File> files;
  for (auto row = tables_.database.query(
           fmt::format("SELECT {} FROM files WHERE tenant = ? AND expires > ? AND number {} ? AND (?4 IS NULL OR "
                       "purpose = ?4) ORDER BY number {} LIMIT ?",
                       columns, page.oldest_first ? ">" : "<", page.oldest_first ? "ASC" : "DESC"),
           owner, options_.clock(), after, purpose, static_cast<std::int64_t>(page.limit) + 1);
       row.next();)
    files.push_back(file_of(row));
  return files;
}

SealedReader Files::open(std::uint64_t tenant, std::string_view id) const {
  const std::lock_guard hold(tables_.mutex);
  auto row = tables_.database.query("SELECT key FROM files WHERE id = ? AND tenant = ?", id,
                                    static_cast<std::int64_t>(tenant));
  if (!row.next()) fail_missing(id);
  return {options_.folder / std::string(id), open_key(tables_.database, tenant, row.blob(0), id)};
}

void Files::remove(std::uint64_t tenant, std::string_view id) {
  const auto owner = static_cast<std::int64_t>(tenant);
  {
    const std::lock_guard hold(tables_.mutex);
    auto reading = tables_.database.query(
        "SELECT id FROM batches WHERE input_file = ? AND tenant = ? AND ended IS NULL", id, owner);
    if (reading.next())
      fail_field(Code::invalid, "file_id", "{} still reads this file: cancel it first, or wait for its end",
                 reading.text(0));
    const bool is_held = keeping_.is_held(tenant);
    if (is_held) {
      const auto now = options_.clock();
      tables_.database.run("UPDATE files SET expires = ? WHERE id = ? AND tenant = ? AND expires > ?", now, id, owner,
                           now);
    } else {
      tables_.database.run("DELETE FROM files WHERE id = ? AND tenant = ?", id, owner);
    }
    if (tables_.database.changes() == 0) fail_missing(id);
    if (is_held) return;
  }
  remove_contents({std::string(id)});
}

/// Without their rows nobody can read them any more: what cannot be removed now is removed at the next start.
void Files::remove_contents(const std::vector<std::string>& ids) const {
  std::error_code ignored;
  for (const auto& id : ids) std::filesystem::remove(options_.folder / id, ignored);
}

}  // namespace cofre::records
