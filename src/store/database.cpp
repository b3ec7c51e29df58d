#include "store/database.h"

#include <sqlite3.h>

#include <unordered_map>

#include "base/error.h"
#include "os/disk.h"

namespace cofre::store {
namespace {

constexpr int busy_timeout_ms = 10'000;
constexpr std::size_t cached_statements_max = 128;

Code code_of(int result) {
  switch (result & 0xff) {
    case SQLITE_NOMEM:
    case SQLITE_TOOBIG: return Code::exhausted;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT: return Code::invalid;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH: return Code::unavailable;
    default: return Code::internal;
  }
}

[[noreturn]] void fail_on(sqlite3* handle, int result, const std::filesystem::path& file, std::string_view doing) {
  if ((result & 0xff) == SQLITE_NOTADB) {
    fail(Code::invalid, "{} is no database, or belongs to another master key", file.string());
  }
  // Without space the index of the write-ahead log does not grow either.
  if ((result & 0xff) == SQLITE_FULL || result == SQLITE_IOERR_SHMSIZE) {
    fail_field(Code::exhausted, os::full_disk, "{}: {}: the disk is full: {}", file.string(), doing,
               os::full_disk_cure);
  }
  const char* why = handle != nullptr ? sqlite3_errmsg(handle) : sqlite3_errstr(result);
  fail(code_of(result), "{}: {}: {} ({})", file.string(), doing, why, sqlite3_errstr(result));
}

}  // namespace

struct Database::Cache {
  std::unordered_multimap<std::string, sqlite3_stmt*> at_rest;
  ~Cache() {
    for (const auto& [sql, statement] : at_rest) sqlite3_finalize(statement);
  }
};

Statement::Statement(Statement&& other) noexcept
    : database_(other.database_), statement_(std::exchange(other.statement_, nullptr)), sql_(std::move(other.sql_)) {}

Statement::~Statement() {
  if (statement_ != nullptr) database_->give_back(std::move(sql_), statement_);
}

void Statement::bind(std::span<const Value> values) {
  CHECK(static_cast<std::size_t>(sqlite3_bind_parameter_count(statement_)) == values.size());
  int at = 0;
  for (const Value& value : values) {
    ++at;
    int result = SQLITE_OK;
    // What next() reads must not depend on the caller's buffers: SQLite copies them.
    const char* text = reinterpret_cast<const char*>(value.bytes_.data());
    switch (value.kind_) {
      case Value::Kind::null: result = sqlite3_bind_null(statement_, at); break;
      case Value::Kind::integer: result = sqlite3_bind_int64(statement_, at, value.integer_); break;
      case Value::Kind::real: result = sqlite3_bind_double(statement_, at, value.real_); break;
      case Value::Kind::text:
        result = sqlite3_bind_text64(statement_, at, text == nullptr ? "" : text, value.bytes_.size(), SQLITE_TRANSIENT,
                                     SQLITE_UTF8);
        break;
      case Value::Kind::blob:
        result = value.bytes_.empty()
                     ? sqlite3_bind_zeroblob(statement_, at, 0)
                     : sqlite3_bind_blob64(statement_, at, value.bytes_.data(), value.bytes_.size(), SQLITE_TRANSIENT);
        break;
    }
    if (result != SQLITE_OK) database_->fail_with(result, "a value");
  }
}

bool Statement::next() {
  const int result = sqlite3_step(statement_);
  if (result == SQLITE_ROW) return true;
  if (result != SQLITE_DONE) database_->fail_with(result, "a statement");
  return false;
}

bool Statement::is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_, column); }
double Statement::real(int column) const { return sqlite3_column_double(statement_, column); }
std::string Statement::text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  const auto bytes = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  return text == nullptr ? std::string() : std::string(text, bytes);
}
std::vector<std::byte> Statement::blob(int column) const {
  const auto* data = static_cast<const std::byte*>(sqlite3_column_blob(statement_, column));
  const auto bytes = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  return data == nullptr ? std::vector<std::byte>() : std::vector<std::byte>(data, data + bytes);
}
std::optional<std::int64_t> Statement::integer_if_any(int column) const {
  if (is_null(column)) return std::nullopt;
  return integer(column);
}
std::optional<std::string> Statement::text_if_any(int column) const {
  if (is_null(column)) return std::nullopt;
  return text(column);
}

sqlite3* Database::open(const std::filesystem::path& file, const crypto::Secret& key) {
  sqlite3* handle = nullptr;
  const auto must = [&](int result, std::string_view doing) {
    if (result == SQLITE_OK) return;
    try {
      fail_on(handle, result, file, doing);
    } catch (...) {
      sqlite3_close_v2(handle);
      throw;
    }
  };
  os::create_private(file);  // before SQLite does, which would let the group read it
  must(sqlite3_open_v2(file.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_EXRESCODE, nullptr), "open");
  must(sqlite3_busy_timeout(handle, busy_timeout_ms), "open");
  // "raw:": the 32 bytes are the cipher's key; they need no slow derivation as passwords do.
  std::string text = "raw:" + key.hex();
  const int result = sqlite3_key_v2(handle, "main", text.data(), static_cast<int>(text.size()));
  crypto::wipe(text);
  must(result, "set the key");
  for (const char* pragma :
       {"PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "PRAGMA foreign_keys = ON",
        "PRAGMA cell_size_check = ON", "PRAGMA secure_delete = ON", "SELECT count(*) FROM sqlite_schema"}) {
    must(sqlite3_exec(handle, pragma, nullptr, nullptr, nullptr), "open");
  }
  return handle;
}

Database::Database(const std::filesystem::path& file, const crypto::Secret& key)
    : file_(file), key_(key.copy()), handle_(open(file, key)), cache_(std::make_unique<Cache>()) {
  std::string mode;
  {
    auto row = query("PRAGMA journal_mode");
    if (row.next()) mode = row.text(0);
  }
  if (mode != "wal") {
    cache_.reset();
    sqlite3_close_v2(handle_);
    fail(Code::unavailable, "{}: the file system holds no write-ahead log (journal mode {})", file.string(), mode);
  }
}

Database::~Database() {
  cache_.reset();
  sqlite3_close_v2(handle_);
}

void Database::fail_with(int code, std::string_view doing) const { fail_on(handle_, code, file_, doing); }

sqlite3_stmt* Database::prepare(std::string_view sql) {
  if (const auto found = cache_->at_rest.find(std::string(sql)); found != cache_->at_rest.end()) {
    sqlite3_stmt* statement = found->second;
    cache_->at_rest.erase(found);
    return statement;
  }
  sqlite3_stmt* statement = nullptr;
  const int result = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                        &statement, nullptr);
  if (result != SQLITE_OK) fail_with(result, sql);
  CHECK(statement != nullptr);
  return statement;
}

void Database::give_back(std::string sql, sqlite3_stmt* statement) noexcept {
  sqlite3_reset(statement);  // its result repeats what next() has thrown
  sqlite3_clear_bindings(statement);
  if (cache_ == nullptr || cache_->at_rest.size() >= cached_statements_max) {
    sqlite3_finalize(statement);
    return;
  }
  try {
    cache_->at_rest.emplace(std::move(sql), statement);
  } catch (...) {
    sqlite3_finalize(statement);
  }
}

Statement Database::query_list(std::string_view sql, std::span<const Value> values) {
  std::string text(sql);
  sqlite3_stmt* prepared = prepare(sql);
  Statement statement(*this, prepared, std::move(text));
  statement.bind(values);
  return statement;
}

void Database::run_list(std::string_view sql, std::span<const Value> values) {
  auto statement = query_list(sql, values);
  while (statement.next()) {
  }
}

void Database::script(const std::string& sql) {
  const int result = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  if (result != SQLITE_OK) fail_with(result, "a script");
}

std::int64_t Database::last_id() const { return sqlite3_last_insert_rowid(handle_); }
std::int64_t Database::changes() const { return sqlite3_changes64(handle_); }

void Database::empty_log() {
  for (auto row = query("PRAGMA wal_checkpoint(TRUNCATE)"); row.next();) continue;
}

void Database::back_up(const std::filesystem::path& to) {
  std::filesystem::path part = to;
  part += ".part";
  std::filesystem::remove(part);
  {
    Database copy(part, key_);
    copy.script("PRAGMA journal_mode = DELETE");  // one file, without a log beside it
    sqlite3_backup* backup = sqlite3_backup_init(copy.handle_, "main", handle_, "main");
    if (backup == nullptr) copy.fail_with(sqlite3_errcode(copy.handle_), "back up");
    sqlite3_backup_step(backup, -1);
    const int result = sqlite3_backup_finish(backup);
    if (result != SQLITE_OK) copy.fail_with(result, "back up");
    copy.script("PRAGMA journal_mode = DELETE");
  }
  os::publish(part, to);
}

void Database::check() {
  auto row = query("PRAGMA integrity_check(1)");
  const std::string said = row.next() ? row.text(0) : "nothing";
  if (said != "ok") fail(Code::invalid, "{} is damaged: {}", file_.string(), said);
}

Transaction::Transaction(Database& database) : database_(database) { database_.script("BEGIN IMMEDIATE"); }

Transaction::~Transaction() {
  // SQLite may have rolled back by itself after an error.
  if (is_open_ && sqlite3_get_autocommit(database_.handle_) == 0) {
    sqlite3_exec(database_.handle_, "ROLLBACK", nullptr, nullptr, nullptr);
  }
}

void Transaction::commit() {
  database_.script("COMMIT");
  is_open_ = false;
}

}  // namespace cofre::store
