#include "records/files.h"

#include <algorithm>
#include <unordered_set>

#include "base/error.h"

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

Files::Files(Tables& tables, Options options) : tables_(tables), options_(std::move(options)) {
  std::filesystem::create_directories(options_.folder);
  std::filesystem::permissions(options_.folder, std::filesystem::perms::owner_all);
  std::unordered_set<std::string> known;
  const std::lock_guard hold(tables_.mutex);
  for (auto row = tables_.database.query("SELECT id FROM files"); row.next();) known.insert(row.text(0));
  for (const auto& entry : std::filesystem::directory_iterator(options_.folder))
    if (!known.contains(entry.path().filename().string())) std::filesystem::remove(entry.path());
}

std::unique_ptr<Files::Draft> Files::begin(std::uint64_t bytes) const {
  const auto free = os::free_disk_bytes(options_.folder);
  if (free < disk_reserve_bytes || free - disk_reserve_bytes < bytes)
    fail_field(Code::exhausted, os::full_disk, "the disk of the box is full: {} MiB are free", free >> 20);
  return std::make_unique<Draft>(options_.folder, new_id("file-"));
}

File Files::finish(Draft& draft, const About& about) const {
  draft.content_.finish();
  const auto now = options_.clock();
  return {.id = draft.id_,
          .tenant = about.tenant,
          .name = std::string(about.name),
          .purpose = std::string(about.purpose),
          .bytes = draft.bytes(),
          .created = now,
          .expires = now + std::min(about.expires_after_s.value_or(options_.keep_s), options_.keep_s)};
}

void Files::insert(const File& file, const Draft& draft) {
  tables_.database.run(
      "INSERT INTO files (id, tenant, name, purpose, bytes, key, created, expires) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      file.id, static_cast<std::int64_t>(file.tenant), file.name, file.purpose, static_cast<std::int64_t>(file.bytes),
      draft.key_.bytes(), file.created, file.expires);
}

File Files::keep(Draft& draft, const About& about) {
  auto file = finish(draft, about);
  try {
    const std::lock_guard hold(tables_.mutex);
    insert(file, draft);
  } catch (...) {
    remove_content(file.id);
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
  return {options_.folder / std::string(id), crypto::Secret::from(row.blob(0))};
}

void Files::remove(std::uint64_t tenant, std::string_view id) {
  {
    const std::lock_guard hold(tables_.mutex);
    auto reading =
        tables_.database.query("SELECT id FROM batches WHERE input_file = ? AND tenant = ? AND ended IS NULL", id,
                               static_cast<std::int64_t>(tenant));
    if (reading.next())
      fail_field(Code::invalid, "file_id", "{} still reads this file: cancel it first, or wait for its end",
                 reading.text(0));
    tables_.database.run("DELETE FROM files WHERE id = ? AND tenant = ?", id, static_cast<std::int64_t>(tenant));
    if (tables_.database.changes() == 0) fail_missing(id);
  }
  remove_content(std::string(id));
}

void Files::sweep() {
  std::vector<std::string> expired;
  {
    const std::lock_guard hold(tables_.mutex);
    for (auto row = tables_.database.query(
             "DELETE FROM files WHERE expires <= ? AND id NOT IN (SELECT input_file FROM batches WHERE ended IS NULL) "
             "RETURNING id",
             options_.clock());
         row.next();)
      expired.push_back(row.text(0));
  }
  for (const auto& id : expired) remove_content(id);
}

/// Without its row nobody can read it any more: what cannot be removed now is removed at the next start.
void Files::remove_content(const std::string& id) const {
  std::error_code ignored;
  std::filesystem::remove(options_.folder / id, ignored);
}

}  // namespace cofre::records
