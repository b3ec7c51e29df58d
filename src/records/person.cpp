#include "records/person.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>

#include "accounts/audit/export.h"
#include "accounts/person_name.h"
#include "base/error.h"
#include "crypto/sha256.h"
#include "os/clock.h"
#include "text/utf8.h"

namespace cofre::records {
namespace {

namespace audit = accounts::audit;

constexpr std::size_t page_bytes = 4 << 20;
constexpr std::int64_t page_rows = 200;
constexpr std::size_t name_bytes_most = 60;

// What only proves or opens something is nobody's data.
constexpr std::array<std::string_view, 8> secret_columns{"hash", "older",  "secret", "recovery",
                                                         "mac",  "sealed", "key",    "csrf"};

/// A table whose rows are told one a line. Content goes into files of its own.
struct Section {
  std::string_view path, table;
  std::string_view whose;  ///< a condition on the owner
  bool has_content = false;
};
constexpr std::array<Section, 6> sections{{
    {"chats.jsonl", "chats", "owner = ?"},
    {"messages.jsonl", "chat_messages", "chat IN (SELECT number FROM chats WHERE owner = ?)"},
    {"assistants.jsonl", "assistants", "owner = ?"},
    {"files.jsonl", "files", "tenant = ?", true},
    {"batches.jsonl", "batches", "tenant = ?"},
    {"responses.jsonl", "responses", "tenant = ?"},
}};
// Before and behind them.
constexpr std::uint64_t account_section = 0, usage_section = 1, first_section = 2,
                        trail_section = first_section + sections.size();

std::vector<accounts::Owner> owners_called(const accounts::Directory& directory, const std::string& name) {
  std::vector<accounts::Owner> found;
  for (const auto& tenant : directory.tenants()) {
    for (auto& owner : directory.owners_of(tenant.id)) {
      if (name.ends_with(owner.name) && accounts::person_name(directory, owner.id) == name)
        found.push_back(std::move(owner));
    }
  }
  return found;
}

struct Column {
  std::string name;
  enum class Kind : std::uint8_t { text, integer, real } kind = Kind::text;
};

/// Those that can be told. With the database held.
std::vector<Column> columns_of(store::Database& database, std::string_view table) {
  std::vector<Column> columns;
  for (auto row = database.query("SELECT name, type FROM pragma_table_info(?) ORDER BY cid", table); row.next();) {
    const auto name = row.text(0), type = row.text(1);
    const bool is_secret = std::find(secret_columns.begin(), secret_columns.end(), name) != secret_columns.end();
    if (type != "BLOB" && !is_secret)
      columns.push_back({name, type == "TEXT"   ? Column::Kind::text
                               : type == "REAL" ? Column::Kind::real
                                                : Column::Kind::integer});
  }
  return columns;
}

std::string list_of(const std::vector<Column>& columns) {
  std::string list;
  for (const auto& column : columns) list += fmt::format("{}\"{}\"", list.empty() ? "" : ", ", column.name);
  return list;
}

/// What is JSON in a column is told as such.
json::Value value_of(const std::string& text) {
  if (text.starts_with('{') || text.starts_with('[')) {
    try {
      return json::parse(text);
    } catch (const Error&) {
      return json::Value(text);
    }
  }
  return json::Value(text);
}

json::Object object_of(const store::Statement& row, const std::vector<Column>& columns, int first = 0) {
  json::Object object;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const int at = first + static_cast<int>(i);
    auto& value = object[columns[i].name];
    if (row.is_null(at)) continue;
    switch (columns[i].kind) {
      case Column::Kind::text: value = value_of(row.text(at)); break;
      case Column::Kind::integer: value = row.integer(at); break;
      case Column::Kind::real: value = row.real(at); break;
    }
  }
  return object;
}

json::Array rows_of(store::Database& database, const std::string& table, std::int64_t owner) {
  const auto columns = columns_of(database, table);
  json::Array rows;
  for (auto row = database.query(fmt::format("SELECT {} FROM \"{}\" WHERE owner = ?", list_of(columns), table), owner);
       row.next();)
    rows.emplace_back(object_of(row, columns));
  return rows;
}

ExportPage account_page(const Box& box, const std::vector<accounts::Owner>& owners, const std::string& name) {
  json::Array accounts;
  const std::lock_guard hold(box.records.tables.mutex);
  for (const auto& owner : owners) {
    const auto columns = columns_of(box.records.tables.database, "owners");
    auto row = box.records.tables.database.query(fmt::format("SELECT {} FROM owners WHERE id = ?", list_of(columns)),
                                                 owner.id);
    if (!row.next()) continue;
    auto object = object_of(row, columns);
    for (const auto& table : accounts::tables_of_owners(box.records.tables.database)) {
      auto rows = rows_of(box.records.tables.database, table, owner.id);
      if (!rows.empty()) object[table] = std::move(rows);
    }
    accounts.emplace_back(std::move(object));
  }
  const json::Object person{{"name", name}, {"accounts", std::move(accounts)}};
  return {{{"person.json", json::dump(person, {.indent = 2}) + "\n"}}, ExportCursor{.section = usage_section}};
}

/// Of one of the owners; the cursor's `after` is the last day that is told.
ExportPage usage_page(const Box& box, const std::vector<accounts::Owner>& owners, ExportCursor at) {
  if (at.owner >= owners.size()) return {{}, ExportCursor{.section = first_section}};
  std::string lines;
  const std::lock_guard hold(box.records.tables.mutex);
  for (auto row = box.records.tables.database.query(
           "SELECT day, name, key, requests, prompt, cached, completion, reasoning, cost FROM usage JOIN usage_models "
           "ON usage_models.id = model WHERE user = ? AND day > ? ORDER BY day",
           owners[at.owner].id, at.after);
       row.next();) {
    const auto day = row.integer(0);
    if (day != at.after && lines.size() > page_bytes) return {{{"usage.jsonl", lines}}, at};
    at.after = day;
    lines += json::dump(json::Object{{"day", day},
                                     {"model", row.text(1)},
                                     {"key", row.integer(2)},
                                     {"requests", row.integer(3)},
                                     {"prompt_tokens", row.integer(4)},
                                     {"cached_tokens", row.integer(5)},
                                     {"completion_tokens", row.integer(6)},
                                     {"reasoning_tokens", row.integer(7)},
                                     {"cost_micro", row.integer(8)}}) +
             "\n";
  }
  return {{{"usage.jsonl", lines}}, ExportCursor{.section = usage_section, .owner = at.owner + 1}};
}

/// "file-1_notes.txt": whatever the name was, a name of a file and of no folder, in UTF-8.
std::string content_path(const std::string& id, std::string_view name) {
  const bool is_utf8 = !text::find_invalid_utf8(name);
  std::string path = "files/" + id + "_";
  for (const char c : name.substr(0, name_bytes_most)) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_letter = byte >= 0x80 ? is_utf8 : std::isalnum(byte) != 0;
    path += is_letter || c == '.' || c == '-' || c == '_' ? c : '_';
  }
  while (text::find_invalid_utf8(path)) path.pop_back();  // a letter that was cut
  return path;
}

struct Content {
  std::int64_t number = 0;
  std::string id, name;
  std::uint64_t bytes = 0;
};

/// Some bytes of a content, from at.byte on; then the next row's turn comes.
ExportPage content_page(const Box& box, std::uint64_t holder, const Content& content, ExportCursor at) {
  std::string bytes;
  std::uint64_t skipped = 0;
  bool more = true;
  try {
    auto reader = box.records.files.open(holder, content.id);
    while (bytes.size() < page_bytes && more) {
      std::string piece;
      more = reader.read(piece);
      const auto skip = std::min<std::uint64_t>(piece.size(), at.byte - std::min(at.byte, skipped));
      skipped += piece.size();
      bytes.append(piece, skip);
    }
  } catch (const Error& error) {
    if (error.code() != Code::not_found) throw;
    more = false;  // it was removed just now
  }
  ExportPage page{{{content_path(content.id, content.name), bytes, content.bytes, at.byte == 0}}, at};
  page.next->byte += bytes.size();
  if (more) return page;
  page.next->byte = 0;
  page.next->after = content.number;
  return page;
}

/// A line that is too long for a page, from at.byte on.
ExportPage long_line(const Section& section, const std::string& line, std::int64_t number, ExportCursor at) {
  const auto from = std::min<std::uint64_t>(at.byte, line.size());
  ExportPage page{{{std::string(section.path), line.substr(from, page_bytes)}}, at};
  page.next->byte = from + page_bytes;
  if (page.next->byte >= line.size())
    page.next = ExportCursor{.section = at.section, .owner = at.owner, .after = number};
  return page;
}

ExportPage section_page(const Box& box, const std::vector<accounts::Owner>& owners, ExportCursor at) {
  const auto& section = sections.at(at.section - first_section);
  if (at.owner >= owners.size()) return {{}, ExportCursor{.section = at.section + 1}};
  const auto holder = owners[at.owner].id;
  std::string lines;
  std::optional<Content> content;
  {
    auto& [database, mutex] = box.records.tables;
    const std::lock_guard hold(mutex);
    const auto columns = columns_of(database, section.table);
    auto row =
        database.query(fmt::format("SELECT number, {}, {} FROM {} WHERE {} AND number > ? ORDER BY number LIMIT ?",
                                   section.has_content ? "id, name, bytes" : "NULL, NULL, NULL", list_of(columns),
                                   section.table, section.whose),
                       holder, at.after, section.has_content ? 1 : page_rows);
    while (row.next()) {
      const auto line = json::dump(object_of(row, columns, 4)) + "\n";
      if (!lines.empty() && lines.size() + line.size() > page_bytes) break;
      if (line.size() > page_bytes) return long_line(section, line, row.integer(0), at);
      lines += line;
      if (section.has_content) {
        content = Content{row.integer(0), row.text(1), row.text(2), static_cast<std::uint64_t>(row.integer(3))};
      } else {
        at.after = row.integer(0);
      }
    }
  }
  if (lines.empty()) return {{}, ExportCursor{.section = at.section, .owner = at.owner + 1}};
  if (!content) return {{{std::string(section.path), lines}}, at};
  auto page = content_page(box, static_cast<std::uint64_t>(holder), *content, at);
  if (at.byte == 0) page.pieces.insert(page.pieces.begin(), {std::string(section.path), lines});
  return page;
}

ExportPage trail_page(const Box& box, const std::string& name, ExportCursor at) {
  box.trail.flush();
  const auto person = box.trail.persons().find(name);
  if (!person) return {};
  audit::Filter filter;
  filter.person = *person;
  filter.contents = audit::Contents::open;
  const auto page = audit::read_page(box.trail.folder(), box.trail.persons(), filter, {at.segment, at.byte},
                                     box.trail.ends().head.n, {page_bytes});
  std::string lines;
  for (const auto& line : page.lines) lines += line + "\n";
  ExportPage made{{{"audit.jsonl", lines}}, {}};
  at.segment = page.next.segment;
  at.byte = page.next.byte;
  if (!page.is_last) made.next = at;
  return made;
}

/// Copies of the database from before: each holds the keys of those days.
json::Array files_in(const std::filesystem::path& folder) {
  json::Array names;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(folder, none)) {
    names.emplace_back(entry.path().filename().string());
  }
  return names;
}

using Counts = std::map<std::string, std::int64_t>;

/// What hangs on an account goes, and is counted.
void erase_account(const Box& box, const accounts::Owner& owner, Counts& counts) {
  auto& accounts = box.accounts;
  {
    const std::lock_guard hold(box.records.tables.mutex);
    for (const auto& table : accounts::tables_of_owners(box.records.tables.database)) {
      auto row = box.records.tables.database.query(fmt::format("SELECT count(*) FROM \"{}\" WHERE owner = ?", table),
                                                   owner.id);
      if (row.next() && row.integer(0) > 0) counts[table] += row.integer(0);
    }
  }
  if (owner.state != accounts::State::deleted) accounts.directory.set_owner_state(owner.id, accounts::State::deleted);
  const auto holder = static_cast<std::uint64_t>(owner.id);
  const auto remove_records = [&] {
    for (const auto& [kind, rows] : box.records.sweeper.remove_all(holder))
      if (rows > 0) counts[std::string(kind)] += static_cast<std::int64_t>(rows);
  };
  remove_records();
  accounts.keys.erase(owner.id);
  accounts.sessions.end_all(owner.id);
  accounts.directory.erase_owner(owner.id);
  remove_records();  // of what ended meanwhile: from now on nothing more is kept
}

json::Object certificate_of(const Box& box, std::optional<std::int64_t> person, const std::string& by,
                            const Counts& counts) {
  const auto ends = box.trail.ends();
  json::Object erased;
  for (const auto& [what, number] : counts) erased[what] = number;
  json::Object certificate{{"box", ends.box},
                           {"person", person ? json::Value(*person) : json::Value(nullptr)},
                           {"time", os::utc_text(box.trail.now_ms())},
                           {"by", by},
                           {"erased", std::move(erased)},
                           {"head", json::Object{{"n", ends.head.n}, {"hash", ends.head.hash}}},
                           {"key", ends.public_key}};
  certificate["signature"] = box.trail.signing_key().sign(erasure_text(certificate));
  return certificate;
}

}  // namespace

json::Object to_json(const ExportCursor& cursor) {
  return {{"section", cursor.section},
          {"owner", cursor.owner},
          {"after", cursor.after},
          {"byte", cursor.byte},
          {"segment", cursor.segment}};
}

ExportCursor export_cursor_from_json(const json::Object& object) {
  constexpr std::uint64_t most = std::uint64_t{1} << 60;
  ExportCursor cursor;
  cursor.section = json::unsigned_at(object, "section", trail_section);
  cursor.owner = json::unsigned_at(object, "owner", most);
  cursor.after = static_cast<std::int64_t>(json::unsigned_at(object, "after", most));
  cursor.byte = json::unsigned_at(object, "byte", most);
  cursor.segment = json::unsigned_at(object, "segment", UINT64_MAX - 1);
  return cursor;
}

ExportPage export_page(const Box& box, const std::string& name, const ExportCursor& cursor) {
  const auto owners = owners_called(box.accounts.directory, name);
  if (owners.empty() && !box.trail.persons().find(name))
    fail_field(Code::not_found, "name", "name: the box knows no person {}", name);
  if (cursor.section == account_section) return account_page(box, owners, name);
  if (cursor.section == usage_section) return usage_page(box, owners, cursor);
  if (cursor.section < trail_section) return section_page(box, owners, cursor);
  return trail_page(box, name, cursor);
}

json::Object erase_person(const Box& box, const std::string& name, const std::string& by) {
  auto& persons = box.trail.persons();
  if (persons.is_held(name))
    fail_field(Code::invalid, "name", "name: a legal hold is on {}: nothing may be erased", name);
  const auto owners = owners_called(box.accounts.directory, name);
  const auto person = persons.find(name);
  if (owners.empty() && !person) fail_field(Code::not_found, "name", "name: the box knows no person {}", name);
  Counts counts;
  box.accounts.ledger.flush();
  for (const auto& owner : owners) erase_account(box, owner, counts);
  box.trail.flush();  // what ended by that may name the person still
  if (const auto known = persons.find(name)) {
    persons.erase(name, box.trail.now_ms() / 1000);
    counts["audit_keys"] = 1;
  }
  {
    const std::lock_guard hold(box.records.tables.mutex);
    box.records.tables.database.empty_log();
  }
  auto certificate = certificate_of(box, person, by, counts);
  auto facts = certificate;
  facts.erase("by");  // a name here would outlive that one's erasure: the record of the action has it sealed
  box.trail.record_now({.action = "person.erased", .outcome = "ok", .facts = std::move(facts)});
  certificate["destroyed"] =
      "what is counted, with the contents and their keys; of the account a number stays, to which what was used is "
      "counted, and audit records that nobody can read as this person's any more";
  certificate["not_reached"] = files_in(box.records.backups);
  return certificate;
}

std::string erasure_text(const json::Object& certificate) {
  const auto& head = json::at(certificate, "head").as_object();
  return fmt::format("cofre erasure\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n", json::string_at(certificate, "box"),
                     json::dump(json::at(certificate, "person")), json::string_at(certificate, "time"),
                     json::string_at(certificate, "by"),
                     crypto::sha256_hex(json::dump(json::at(certificate, "erased"))),
                     json::unsigned_at(head, "n", UINT64_MAX - 1), json::string_at(head, "hash"));
}

}  // namespace cofre::records
