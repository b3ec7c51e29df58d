#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/json.h"
#include "protocol/event.h"
#include "records/files.h"
#include "records/tables.h"

namespace cofre::records {

/// A chat of a person. Whoever has one was found to be its owner, or to have its link.
struct Chat {
  std::int64_t number = 0;
  std::string id;  ///< "chat_…"
  std::int64_t owner = 0, tenant = 0;
  std::string title;  ///< may be empty
  std::optional<std::string> folder{}, model{}, assistant{}, system_prompt{};
  json::Value parameters{};           ///< an object
  std::optional<std::string> leaf{};  ///< the message where its branch ends; none: it has no messages
  std::uint64_t messages = 0;
  bool answering = false;  ///< one of its messages is being written
  std::int64_t created = 0, updated = 0;
  struct Share {
    std::string id;  ///< "share_…"
    std::int64_t department = 0, made = 0;
    std::string leaf;
  };
  std::optional<Share> share{};
};

/// A message of a chat: what its owner said, or an answer. It follows its parent; those that follow the same one are
/// siblings.
struct ChatMessage {
  enum class Role : std::uint8_t { user, assistant };
  std::int64_t number = 0;
  std::string id;  ///< "cmsg_…"
  std::optional<std::string> parent{};
  std::vector<std::string> siblings{};  ///< itself among them, oldest first
  Role role = Role::user;
  std::int64_t created = 0;
  std::string text;
  json::Array tool_outputs{};  ///< of the owner's: [{"call_id", "output"}]

  // Of an answer.
  std::string reasoning{};
  json::Array tool_calls{};  ///< [{"call_id", "name", "arguments"}]
  std::string status = "completed";
  std::string finish_reason{}, error_code{}, error_message{};
  std::optional<std::string> model{}, response{};
  protocol::Usage usage{};
  std::optional<std::int64_t> first_token_ms{};
  std::optional<double> tokens_per_second{};
};

/// The chats of the box. A chat is seen by its owner alone, but for its link; that of another is Error(not_found). Any
/// thread; waits for the disk.
class Chats {
 public:
  static constexpr std::uint64_t chats_max = 10'000;         ///< of an owner
  static constexpr std::uint64_t messages_max = 10'000;      ///< of a chat
  static constexpr std::uint64_t owner_bytes_max = 1 << 30;  ///< of the messages of an owner
  static constexpr std::size_t text_bytes_max = 1 << 20;     ///< of what is said
  static constexpr std::size_t title_bytes_max = 400;
  static constexpr std::size_t folder_bytes_max = 200;
  static constexpr std::size_t prompt_bytes_max = 64 << 10;
  static constexpr std::size_t query_bytes_max = 400;

  explicit Chats(Tables& tables, Clock clock = system_seconds) : tables_(tables), clock_(std::move(clock)) {}

  /// What a chat begins with, or is given later. Outer optional: whether it is given at all; inner: none.
  template <class T>
  using Given = std::optional<std::optional<T>>;
  struct Change {
    std::optional<std::string> title{};
    Given<std::string> folder{}, model{}, assistant{}, system_prompt{};
    std::optional<json::Object> parameters{};
    std::optional<std::string> leaf{};  ///< a message: the branch goes on from it along its newest children
  };
  /// Throws Error(exhausted) where the owner has too many.
  Chat create(std::int64_t owner, std::int64_t tenant, const Change& with);
  /// Throws Error(not_found, chat).
  Chat chat(std::int64_t owner, std::string_view id) const;
  /// Throws Error(not_found, leaf).
  Chat change(const Chat& chat, const Change& change);
  /// Returns the responses that are still written into it.
  std::vector<std::string> remove(const Chat& chat);

  struct Found {
    Chat chat;
    std::optional<std::string> message{};  ///< of a search: the newest message with the words; none: the title has them
    std::string excerpt{};
  };
  struct Filter {
    std::optional<std::string> folder{};  ///< in this one
    std::optional<std::string> query{};   ///< with these words in the title or in a message
  };
  /// Last used first, one more than the limit where there are more. Throws Error(invalid, after).
  std::vector<Found> list(std::int64_t owner, const Page& page, const Filter& filter) const;

  struct Folder {
    std::string name;
    std::uint64_t chats = 0;
  };
  std::vector<Folder> folders(std::int64_t owner) const;
  /// No new name: the chats are in none. Throws Error(not_found, folder).
  void rename_folder(std::int64_t owner, std::string_view name, const std::optional<std::string>& to);

  /// Throws Error(not_found, `field`) where the chat has no such message.
  ChatMessage message(const Chat& chat, std::string_view id, std::string_view field = "message") const;
  /// A page of the branch that ends at `leaf`; one more than the limit where there are more. Throws Error(invalid,
  /// after).
  std::vector<ChatMessage> branch(const Chat& chat, std::string_view leaf, const Page& page) const;
  /// The whole branch, oldest first. Throws Error(invalid, chat) where its texts have more than `bytes_max`.
  std::vector<ChatMessage> branch(const Chat& chat, std::string_view leaf, std::uint64_t bytes_max) const;
  /// Every message, in the order in which they came, a page of them: those behind `after`, a number.
  std::vector<ChatMessage> tree(const Chat& chat, std::int64_t after, std::uint32_t limit) const;

  /// Adds what was said and the answer that begins (either may be absent), each a child of the one before, the first
  /// of `parent`; the last is the chat's leaf. Only text, tool_outputs, model, response and status are looked at.
  /// Throws Error(exhausted) where the chat or the owner has too much.
  struct Added {
    std::optional<ChatMessage> said{}, answer{};
  };
  Added add(const Chat& chat, const std::optional<std::string>& parent, const std::optional<ChatMessage>& said,
            const std::optional<ChatMessage>& answer);
  /// Writes how an answer ended, which was queued; what it is now is looked at but for its place. False where it is not
  /// there any more.
  bool finish(std::string_view message, const ChatMessage& end);
  /// Answers that a box left queued when it stopped become failed. Returns how many there were.
  std::size_t fail_queued(std::string_view code, std::string_view message);

  /// Makes the link for a department, or lets it show the branch as it is now. Requires a leaf.
  Chat share(const Chat& chat, std::int64_t department);
  void unshare(const Chat& chat);
  /// Throws Error(not_found, share).
  Chat shared(std::string_view share) const;

 private:
  Chat find(std::string_view where, const std::string& field, std::string_view id, std::int64_t owner) const;
  std::int64_t number_of(const Chat& chat, std::string_view message, std::string_view field) const;
  void set(const Chat& chat, const Change& change);
  void check_room(const Chat& chat, std::uint64_t messages, std::uint64_t bytes) const;
  std::int64_t insert(const Chat& chat, std::optional<std::int64_t> parent, const ChatMessage& message);
  std::vector<ChatMessage> read(const Chat& chat, store::Statement rows) const;
  void index_title(const Chat& chat, std::string_view title);

  Tables& tables_;
  Clock clock_;
};

}  // namespace cofre::records
