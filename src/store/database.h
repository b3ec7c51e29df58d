#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/secret.h"

struct sqlite3;
struct sqlite3_stmt;

namespace cofre::store {

class Database;

/// A value that is bound to a `?`: nothing, an integer, a real, a text or bytes. Texts and bytes are not copied: they
/// must live until the call that takes them returns.
class Value {
 public:
  enum class Kind : std::uint8_t { null, integer, real, text, blob };

  Value(std::nullptr_t) {}
  template <std::integral T>
  Value(T value) : kind_(Kind::integer), integer_(static_cast<std::int64_t>(value)) {
    static_assert(sizeof(T) < 8 || std::is_signed_v<T>, "a 64-bit unsigned number does not fit: say what it becomes");
  }
  Value(double value) : kind_(Kind::real), real_(value) {}
  Value(std::string_view value) : kind_(Kind::text), bytes_(std::as_bytes(std::span(value))) {}
  Value(const std::string& value) : Value(std::string_view(value)) {}
  Value(const char* value) : Value(std::string_view(value)) {}
  Value(std::span<const std::byte> value) : kind_(Kind::blob), bytes_(value) {}
  template <class T>
  Value(const std::optional<T>& value) {
    if (value) *this = Value(*value);
  }

 private:
  friend class Statement;
  Kind kind_ = Kind::null;
  std::int64_t integer_ = 0;
  double real_ = 0;
  std::span<const std::byte> bytes_{};
};

/// A question whose rows are read one after the other:
///
///   for (auto row = db.query("SELECT name, created FROM keys WHERE tenant = ?", tenant); row.next();)
///     use(row.text(0), row.integer(1));
///
/// Must not outlive its Database.
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  /// The next row; false after the last.
  bool next();

  // Columns of the row, from 0. A NULL reads as 0, 0.0, "" and no bytes.
  bool is_null(int column) const;
  std::int64_t integer(int column) const;
  double real(int column) const;
  std::string text(int column) const;
  std::vector<std::byte> blob(int column) const;
  std::optional<std::int64_t> integer_if_any(int column) const;
  std::optional<std::string> text_if_any(int column) const;

 private:
  friend class Database;
  Statement(Database& database, sqlite3_stmt* statement, std::string sql)
      : database_(&database), statement_(statement), sql_(std::move(sql)) {}
  void bind(std::span<const Value> values);

  Database* database_;
  sqlite3_stmt* statement_;
  std::string sql_;
};

/// An encrypted SQLite file (ChaCha20-Poly1305 by SQLite3 Multiple Ciphers): WAL, every commit synced to the disk
/// before it returns, foreign keys held. One thread at a time. Every failure is an Error: exhausted (os::full_disk)
/// where the disk is full, invalid where the file or the key is wrong, unavailable for what the system refuses, fsync
/// among it.
class Database {
 public:
  /// Opens the file, or makes it, readable by its owner alone. `key` is 32 bytes of its own, not the master key itself.
  Database(const std::filesystem::path& file, const crypto::Secret& key);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

  /// Runs one statement to its end.
  template <class... Values>
  void run(std::string_view sql, const Values&... values) {
    const std::vector<Value> list{Value(values)...};
    run_list(sql, list);
  }
  /// Begins one that has rows.
  template <class... Values>
  Statement query(std::string_view sql, const Values&... values) {
    const std::vector<Value> list{Value(values)...};
    return query_list(sql, list);
  }
  /// Runs a script: statements without values.
  void script(const std::string& sql);

  std::int64_t last_id() const;  ///< rowid of the last INSERT
  std::int64_t changes() const;  ///< rows that the last statement changed

  /// Brings what the write-ahead log has into the file and empties it: what was deleted stands in neither.
  void empty_log();

  /// A copy of the whole file as it is now, under the same key, complete on the disk before it gets its name.
  void back_up(const std::filesystem::path& to);
  /// Reads every page. Throws Error(invalid) with what SQLite finds.
  void check();

  const std::filesystem::path& file() const noexcept { return file_; }

 private:
  friend class Statement;
  friend class Transaction;
  void run_list(std::string_view sql, std::span<const Value> values);
  Statement query_list(std::string_view sql, std::span<const Value> values);
  sqlite3_stmt* prepare(std::string_view sql);
  void give_back(std::string sql, sqlite3_stmt* statement) noexcept;
  [[noreturn]] void fail_with(int code, std::string_view doing) const;
  static sqlite3* open(const std::filesystem::path& file, const crypto::Secret& key);

  struct Cache;
  std::filesystem::path file_;
  crypto::Secret key_;
  sqlite3* handle_ = nullptr;
  std::unique_ptr<Cache> cache_;  ///< compiled statements at rest, by their text
};

/// Everything since its construction is kept by commit(), or undone by its destruction. They do not nest.
class Transaction {
 public:
  explicit Transaction(Database& database);
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();
  void commit();

 private:
  Database& database_;
  bool is_open_ = true;
};

}  // namespace cofre::store
