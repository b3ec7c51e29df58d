#include "records/chats.h"

#include <algorithm>

#include "base/error.h"
#include "records/chat_words.h"
#include "records/holders.h"
#include "text/utf8.h"

namespace cofre::records {
namespace {

constexpr std::string_view chat_columns =
    "c.number, c.id, c.owner, c.tenant, c.title, c.folder, c.model, c.assistant, c.parameters, c.system_prompt, "
    "(SELECT id FROM chat_messages WHERE number = c.leaf), c.messages, c.created, c.updated, c.share, "
    "c.share_department, c.shared, (SELECT id FROM chat_messages WHERE number = c.share_leaf), "
    "EXISTS (SELECT 1 FROM chat_messages WHERE chat = c.number AND status = 'queued')";
constexpr int chat_columns_count = 19;

Chat chat_of(const store::Statement& row) {
  Chat chat;
  chat.number = row.integer(0);
  chat.id = row.text(1);
  chat.owner = row.integer(2);
  chat.tenant = row.integer(3);
  chat.title = row.text(4);
  chat.folder = row.text_if_any(5);
  chat.model = row.text_if_any(6);
  chat.assistant = row.text_if_any(7);
  chat.parameters = json::parse(row.text(8));
  chat.system_prompt = row.text_if_any(9);
  chat.leaf = row.text_if_any(10);
  chat.messages = static_cast<std::uint64_t>(row.integer(11));
  chat.created = row.integer(12);
  chat.updated = row.integer(13);
  if (!row.is_null(14)) chat.share = Chat::Share{row.text(14), row.integer(15), row.integer(16), row.text(17)};
  chat.answering = row.integer(18) != 0;
  return chat;
}

[[noreturn]] void fail_missing(const std::string& field, std::string_view id) {
  fail_field(Code::not_found, field, "there is no {} \"{}\"", field, id.substr(0, 64));
}

}  // namespace

/// With the mutex held.
Chat Chats::find(std::string_view where, const std::string& field, std::string_view id, std::int64_t owner) const {
  auto row = tables_.database.query(
      fmt::format("SELECT {} FROM chats c WHERE c.{} = ? AND (?2 = 0 OR c.owner = ?2)", chat_columns, where), id,
      owner);
  if (!row.next()) fail_missing(field, id);
  return chat_of(row);
}

Chat Chats::chat(std::int64_t owner, std::string_view id) const {
  CHECK(owner != 0);
  const std::lock_guard hold(tables_.mutex);
  return find("id", "chat", id, owner);
}

Chat Chats::shared(std::string_view share) const {
  const std::lock_guard hold(tables_.mutex);
  return find("share", "share", share, 0);
}

/// With the mutex held.
void Chats::index_title(const Chat& chat, std::string_view title) {
  tables_.database.run("INSERT OR REPLACE INTO chat_title_words (rowid, words) VALUES (?, ?)", chat.number,
                       indexed(chat.owner, title));
}

Chat Chats::create(std::int64_t owner, std::int64_t tenant, const Change& with) {
  const auto id = new_id("chat_");
  const auto now = clock_();
  const std::lock_guard hold(tables_.mutex);
  store::Transaction whole(tables_.database);
  check_not_erased(tables_.database, static_cast<std::uint64_t>(owner));
  {
    auto row = tables_.database.query("SELECT count(*) FROM chats WHERE owner = ?", owner);
    if (row.next() && row.integer(0) >= static_cast<std::int64_t>(chats_max))
      fail(Code::exhausted, "you have {} chats; that is the most: delete some", chats_max);
  }
  tables_.database.run(
      "INSERT INTO chats (id, owner, tenant, title, parameters, created, updated) VALUES (?, ?, ?, '', '{}', ?, ?)", id,
      owner, tenant, now, now);
  const auto made = find("id", "chat", id, owner);
  set(made, with);
  whole.commit();
  return find("id", "chat", id, owner);
}

/// With the mutex held, in a transaction.
void Chats::set(const Chat& chat, const Change& change) {
  auto& database = tables_.database;
  if (change.title) {
    database.run("UPDATE chats SET title = ? WHERE number = ?", *change.title, chat.number);
    index_title(chat, *change.title);
  }
  const auto give = [&](std::string_view column, const Given<std::string>& given) {
    if (given) database.run(fmt::format("UPDATE chats SET {} = ? WHERE number = ?", column), *given, chat.number);
  };
  give("folder", change.folder);
  give("model", change.model);
  give("assistant", change.assistant);
  give("system_prompt", change.system_prompt);
  if (change.parameters)
    database.run("UPDATE chats SET parameters = ? WHERE number = ?", json::dump(*change.parameters), chat.number);
  if (!change.leaf) return;
  // Numbers grow along a branch: the newest child's newest child, and so on.
  database.run(
      "UPDATE chats SET leaf = (WITH RECURSIVE down (number) AS (SELECT ?1 UNION ALL SELECT (SELECT max(m.number) FROM "
      "chat_messages m WHERE m.chat = ?2 AND m.parent = down.number) FROM down WHERE down.number IS NOT NULL) SELECT "
      "max(number) FROM down) WHERE number = ?2",
      number_of(chat, *change.leaf, "leaf"), chat.number);
}

Chat Chats::change(const Chat& chat, const Change& with) {
  const std::lock_guard hold(tables_.mutex);
  store::Transaction whole(tables_.database);
  set(chat, with);
  whole.commit();
  return find("id", "chat", chat.id, chat.owner);
}

std::vector<std::string> Chats::remove(const Chat& chat) {
  std::vector<std::string> open;
  const std::lock_guard hold(tables_.mutex);
  for (auto row = tables_.database.query("SELECT response FROM chat_messages WHERE chat = ? AND status = 'queued'",
                                         chat.number);
       row.next();)
    open.push_back(row.text(0));
  tables_.database.run("DELETE FROM chats WHERE number = ?", chat.number);
  return open;
}

std::vector<Chats::Found> Chats::list(std::int64_t owner, const Page& page, const Filter& filter) const {
  const auto match = filter.query ? match_of(owner, *filter.query) : std::string();
  std::vector<Found> found;
  if (filter.query && match.empty()) return found;
  const std::lock_guard hold(tables_.mutex);
  std::int64_t updated = INT64_MAX, number = INT64_MAX;
  if (page.after) {
    auto row =
        tables_.database.query("SELECT updated, number FROM chats WHERE id = ? AND owner = ?", *page.after, owner);
    if (!row.next()) fail_field(Code::invalid, "after", "after: there is no chat \"{}\"", page.after->substr(0, 64));
    updated = row.integer(0);
    number = row.integer(1);
  }
  // A title that matches goes before messages that do: a number of 0 is none.
  constexpr std::string_view searched =
      " JOIN (SELECT chat, CASE WHEN min(message) = 0 THEN 0 ELSE max(message) END AS message FROM (SELECT rowid AS "
      "chat, "
      "0 AS message FROM chat_title_words WHERE chat_title_words MATCH ?5 UNION ALL SELECT m.chat, m.number FROM "
      "chat_text_words w JOIN chat_messages m ON m.number = w.rowid WHERE chat_text_words MATCH ?5) GROUP BY chat) s "
      "ON "
      "s.chat = c.number LEFT JOIN chat_messages hit ON hit.number = s.message";
  const auto sql = fmt::format(
      "SELECT {}{} FROM chats c{} WHERE c.owner = ?1 AND (c.updated, c.number) < (?2, ?3) AND (?4 IS NULL OR c.folder "
      "= "
      "?4) AND ?5 IS NOT '' ORDER BY c.updated DESC, c.number DESC LIMIT ?6",
      chat_columns, filter.query ? ", hit.id, hit.text" : "", filter.query ? searched : "");
  for (auto row = tables_.database.query(sql, owner, updated, number, filter.folder,
                                         filter.query ? store::Value(match) : store::Value(nullptr),
                                         static_cast<std::int64_t>(page.limit) + 1);
       row.next();) {
    Found one{chat_of(row)};
    if (filter.query) {
      one.message = row.text_if_any(chat_columns_count);
      one.excerpt = excerpt(one.message ? row.text(chat_columns_count + 1) : one.chat.title, *filter.query);
    }
    found.push_back(std::move(one));
  }
  return found;
}

std::vector<Chats::Folder> Chats::folders(std::int64_t owner) const {
  std::vector<Folder> all;
  const std::lock_guard hold(tables_.mutex);
  for (auto row = tables_.database.query("SELECT folder, count(*) FROM chats WHERE owner = ? AND folder IS NOT NULL "
                                         "GROUP BY folder ORDER BY folder",
                                         owner);
       row.next();)
    all.push_back({row.text(0), static_cast<std::uint64_t>(row.integer(1))});
  return all;
}

void Chats::rename_folder(std::int64_t owner, std::string_view name, const std::optional<std::string>& to) {
  const std::lock_guard hold(tables_.mutex);
  tables_.database.run("UPDATE chats SET folder = ? WHERE owner = ? AND folder = ?", to, owner, name);
  if (tables_.database.changes() == 0) fail_missing("folder", name);
}

Chat Chats::share(const Chat& chat, std::int64_t department) {
  const std::lock_guard hold(tables_.mutex);
  tables_.database.run(
      "UPDATE chats SET share = coalesce(share, ?), share_leaf = leaf, share_department = ?, shared = ? WHERE number = "
      "?",
      new_id("share_"), department, clock_(), chat.number);
  return find("id", "chat", chat.id, chat.owner);
}

void Chats::unshare(const Chat& chat) {
  const std::lock_guard hold(tables_.mutex);
  tables_.database.run(
      "UPDATE chats SET share = NULL, share_leaf = NULL, share_department = NULL, shared = NULL WHERE "
      "number = ?",
      chat.number);
}

}  // namespace cofre::records
