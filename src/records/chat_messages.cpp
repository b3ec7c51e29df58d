#include <algorithm>

#include "base/error.h"
#include "records/chat_title.h"
#include "records/chat_words.h"
#include "records/chats.h"

namespace cofre::records {
namespace {

using Role = ChatMessage::Role;

constexpr std::string_view message_columns =
    "m.number, m.id, (SELECT id FROM chat_messages WHERE number = m.parent), m.parent, m.role, m.created, m.text, "
    "m.reasoning, m.tool_calls, m.tool_outputs, m.status, m.finish_reason, m.error_code, m.error_message, m.model, "
    "m.response, m.prompt_tokens, m.cached_tokens, m.completion_tokens, m.reasoning_tokens, m.first_token_ms, "
    "m.tokens_per_second";

/// From the message ?1 up to the root.
constexpr std::string_view branch_rows =
    "WITH RECURSIVE up (number, parent) AS (SELECT number, parent FROM chat_messages WHERE number = ?1 UNION ALL "
    "SELECT "
    "m.number, m.parent FROM up JOIN chat_messages m ON m.number = up.parent) SELECT {} FROM up JOIN chat_messages m "
    "ON "
    "m.number = up.number";

json::Array list_of(const std::string& text) { return json::parse(text).as_array(); }

ChatMessage message_of(const store::Statement& row) {
  const auto count = [&](int column) { return static_cast<std::uint64_t>(row.integer(column)); };
  ChatMessage message;
  message.number = row.integer(0);
  message.id = row.text(1);
  message.parent = row.text_if_any(2);
  message.role = row.text(4) == "user" ? Role::user : Role::assistant;
  message.created = row.integer(5);
  message.text = row.text(6);
  message.reasoning = row.text(7);
  message.tool_calls = list_of(row.text(8));
  message.tool_outputs = list_of(row.text(9));
  message.status = row.text(10);
  message.finish_reason = row.text(11);
  message.error_code = row.text(12);
  message.error_message = row.text(13);
  message.model = row.text_if_any(14);
  message.response = row.text_if_any(15);
  message.usage = {count(16), count(17), count(18), count(19)};
  message.first_token_ms = row.integer_if_any(20);
  if (!row.is_null(21)) message.tokens_per_second = row.real(21);
  return message;
}

std::optional<std::string> unless_empty(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

std::uint64_t bytes_of(const ChatMessage& message) {
  return message.text.size() + message.reasoning.size() + json::dump(message.tool_calls).size() +
         json::dump(message.tool_outputs).size();
}

}  // namespace

/// With the mutex held.
std::int64_t Chats::number_of(const Chat& chat, std::string_view message, std::string_view field) const {
  auto row = tables_.database.query("SELECT number FROM chat_messages WHERE id = ? AND chat = ?", message, chat.number);
  if (!row.next())
    fail_field(Code::not_found, std::string(field), "there is no message \"{}\" in this chat", message.substr(0, 64));
  return row.integer(0);
}

/// With the mutex held.
std::vector<ChatMessage> Chats::read(const Chat& chat, store::Statement rows) const {
  std::vector<ChatMessage> messages;
  while (rows.next()) {
    auto message = message_of(rows);
    for (auto row =
             tables_.database.query("SELECT id FROM chat_messages WHERE chat = ? AND parent IS ? ORDER BY number",
                                    chat.number, rows.integer_if_any(3));
         row.next();)
      message.siblings.push_back(row.text(0));
    messages.push_back(std::move(message));
  }
  return messages;
}

ChatMessage Chats::message(const Chat& chat, std::string_view id, std::string_view field) const {
  const std::lock_guard hold(tables_.mutex);
  return read(chat,
              tables_.database.query(fmt::format("SELECT {} FROM chat_messages m WHERE m.number = ?", message_columns),
                                     number_of(chat, id, field)))
      .front();
}

std::vector<ChatMessage> Chats::branch(const Chat& chat, std::string_view leaf, const Page& page) const {
  const std::lock_guard hold(tables_.mutex);
  std::int64_t after = page.oldest_first ? 0 : INT64_MAX;
  if (page.after) {
    auto row =
        tables_.database.query("SELECT number FROM chat_messages WHERE id = ? AND chat = ?", *page.after, chat.number);
    if (!row.next()) fail_field(Code::invalid, "after", "after: there is no message \"{}\"", page.after->substr(0, 64));
    after = row.integer(0);
  }
  const auto sql =
      fmt::format(fmt::runtime(std::string(branch_rows) + " WHERE m.number {} ?2 ORDER BY m.number {} LIMIT ?3"),
                  message_columns, page.oldest_first ? ">" : "<", page.oldest_first ? "ASC" : "DESC");
  return read(chat, tables_.database.query(sql, number_of(chat, leaf, "leaf"), after,
                                           static_cast<std::int64_t>(page.limit) + 1));
}

std::vector<ChatMessage> Chats::branch(const Chat& chat, std::string_view leaf, std::uint64_t bytes_max) const {
  std::vector<ChatMessage> messages;
  std::uint64_t bytes = 0;
  const std::lock_guard hold(tables_.mutex);
  for (auto row = tables_.database.query(
           fmt::format(fmt::runtime(std::string(branch_rows) + " ORDER BY m.number"), message_columns),
           number_of(chat, leaf, "leaf"));
       row.next();) {
    messages.push_back(message_of(row));
    bytes += bytes_of(messages.back());
    if (bytes > bytes_max)
      fail_field(Code::invalid, "chat", "the chat has more than {} bytes, the most that a model is asked", bytes_max);
  }
  return messages;
}

std::vector<ChatMessage> Chats::tree(const Chat& chat, std::int64_t after, std::uint32_t limit) const {
  const std::lock_guard hold(tables_.mutex);
  return read(
      chat,
      tables_.database.query(
          fmt::format("SELECT {} FROM chat_messages m WHERE m.chat = ? AND m.number > ? ORDER BY m.number LIMIT ?",
                      message_columns),
          chat.number, after, static_cast<std::int64_t>(limit)));
}

/// With the mutex held.
void Chats::check_room(const Chat& chat, std::uint64_t messages, std::uint64_t bytes) const {
  auto row = tables_.database.query(
      "SELECT (SELECT messages FROM chats WHERE number = ?), (SELECT coalesce(sum(bytes), 0) FROM chats WHERE owner = "
      "?)",
      chat.number, chat.owner);
  if (!row.next()) return;
  if (static_cast<std::uint64_t>(row.integer(0)) + messages > messages_max)
    fail(Code::exhausted, "the chat has {} messages; that is the most: begin another", messages_max);
  if (static_cast<std::uint64_t>(row.integer(1)) + bytes > owner_bytes_max)
    fail(Code::exhausted, "your chats have {} MiB; that is the most: delete some", owner_bytes_max >> 20);
}

/// With the mutex held, in a transaction.
std::int64_t Chats::insert(const Chat& chat, std::optional<std::int64_t> parent, const ChatMessage& message) {
  auto& database = tables_.database;
  database.run(
      "INSERT INTO chat_messages (id, chat, parent, role, created, text, tool_outputs, status, model, response) VALUES "
      "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      message.id, chat.number, parent, message.role == Role::user ? "user" : "assistant", clock_(), message.text,
      json::dump(message.tool_outputs), message.status, message.model, message.response);
  const auto number = database.last_id();
  if (!message.text.empty())
    database.run("INSERT INTO chat_text_words (rowid, words) VALUES (?, ?)", number, indexed(chat.owner, message.text));
  database.run("UPDATE chats SET leaf = ?, messages = messages + 1, bytes = bytes + ?, updated = ? WHERE number = ?",
               number, static_cast<std::int64_t>(bytes_of(message)), clock_(), chat.number);
  return number;
}

Chats::Added Chats::add(const Chat& chat, const std::optional<std::string>& parent,
                        const std::optional<ChatMessage>& said, const std::optional<ChatMessage>& answer) {
  Added ids;
  const std::lock_guard hold(tables_.mutex);
  store::Transaction whole(tables_.database);
  std::optional<std::int64_t> at;
  if (parent) at = number_of(chat, *parent, "parent");
  check_room(chat, (said ? 1 : 0) + (answer ? 1 : 0), said ? bytes_of(*said) : 0);
  const auto read_again = [&](std::int64_t number) {
    return read(chat, tables_.database.query(
                          fmt::format("SELECT {} FROM chat_messages m WHERE m.number = ?", message_columns), number))
        .front();
  };
  std::optional<std::int64_t> said_number, answer_number;
  if (said) at = said_number = insert(chat, at, *said);
  if (answer) answer_number = insert(chat, at, *answer);
  if (said && chat.title.empty()) {
    const auto title = title_of(said->text);
    tables_.database.run("UPDATE chats SET title = ? WHERE number = ?", title, chat.number);
    index_title(chat, title);
  }
  whole.commit();
  if (said_number) ids.said = read_again(*said_number);
  if (answer_number) ids.answer = read_again(*answer_number);
  return ids;
}

bool Chats::finish(std::string_view message, const ChatMessage& end) {
  const std::lock_guard hold(tables_.mutex);
  auto& database = tables_.database;
  store::Transaction whole(database);
  std::int64_t number = 0, chat = 0, owner = 0;
  {
    auto row = database.query(
        "SELECT m.number, c.number, c.owner FROM chat_messages m JOIN chats c ON c.number = m.chat WHERE m.id = ? AND "
        "m.status = 'queued'",
        message);
    if (!row.next()) return false;
    number = row.integer(0), chat = row.integer(1), owner = row.integer(2);
  }
  const auto count = [](std::uint64_t value) { return static_cast<std::int64_t>(value); };
  database.run(
      "UPDATE chat_messages SET text = ?, reasoning = ?, tool_calls = ?, status = ?, finish_reason = ?, error_code = "
      "?, "
      "error_message = ?, prompt_tokens = ?, cached_tokens = ?, completion_tokens = ?, reasoning_tokens = ?, "
      "first_token_ms = ?, tokens_per_second = ? WHERE number = ?",
      end.text, end.reasoning, json::dump(end.tool_calls), end.status, unless_empty(end.finish_reason),
      unless_empty(end.error_code), unless_empty(end.error_message), count(end.usage.prompt_tokens),
      count(end.usage.cached_tokens), count(end.usage.completion_tokens), count(end.usage.reasoning_tokens),
      end.first_token_ms, end.tokens_per_second, number);
  if (!end.text.empty())
    database.run("INSERT INTO chat_text_words (rowid, words) VALUES (?, ?)", number, indexed(owner, end.text));
  database.run("UPDATE chats SET bytes = bytes + ?, updated = ? WHERE number = ?", count(bytes_of(end)), clock_(),
               chat);
  whole.commit();
  return true;
}

std::size_t Chats::fail_queued(std::string_view code, std::string_view message) {
  const std::lock_guard hold(tables_.mutex);
  tables_.database.run(
      "UPDATE chat_messages SET status = 'failed', error_code = ?, error_message = ? WHERE status = 'queued'", code,
      message);
  return static_cast<std::size_t>(tables_.database.changes());
}

}  // namespace cofre::records
