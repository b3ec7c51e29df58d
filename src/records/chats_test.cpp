#include "records/chats.h"

#include <gtest/gtest.h>

#include "accounts/accounts.h"
#include "base/thrown.h"
#include "os/paths.h"
#include "records/chat_words.h"

namespace cofre::records {
namespace {

using Role = ChatMessage::Role;

struct StoredChats : testing::Test {
  os::TemporaryDirectory folder{testing::TempDir()};
  crypto::Secret key = crypto::Secret::random();
  store::Database database{folder.path() / "test.db", key};
  std::mutex mutex;
  std::int64_t now = 1000;
  accounts::Accounts accounts{database, mutex, key, folder.path() / "backups"};
  Tables tables{database, mutex, folder.path() / "backups"};
  Chats chats{tables, [this] { return now; }};

  Chat make(std::int64_t owner = 7, const Chats::Change& with = {}) { return chats.create(owner, 1, with); }
  static ChatMessage said(std::string text) {
    ChatMessage message;
    message.id = new_id("cmsg_");
    message.text = std::move(text);
    return message;
  }
  static ChatMessage queued() {
    auto message = said("");
    message.role = Role::assistant;
    message.status = "queued";
    message.response = "resp_1";
    message.model = "tiny";
    return message;
  }
  /// One who speaks and one who answers at once, behind `parent`; gives the answer.
  ChatMessage turn(const Chat& chat, const std::optional<std::string>& parent, const std::string& text,
                   const std::string& reply) {
    const auto added = chats.add(chat, parent, said(text), queued());
    auto end = said(reply);
    end.status = "completed";
    EXPECT_TRUE(chats.finish(added.answer->id, end));
    return chats.message(chat, added.answer->id);
  }
  std::vector<std::string> texts(const Chat& chat, const std::string& leaf, const Page& page = {.limit = 100}) {
    std::vector<std::string> all;
    for (const auto& message : chats.branch(chat, leaf, page)) all.push_back(message.text);
    return all;
  }
  std::vector<std::string> found(std::int64_t owner, const std::string& query) {
    std::vector<std::string> all;
    for (const auto& one : chats.list(owner, {.limit = 100}, {{}, query})) all.push_back(one.excerpt);
    return all;
  }
  std::int64_t count(const std::string& table) {
    auto row = database.query("SELECT count(*) FROM " + table);
    EXPECT_TRUE(row.next());
    return row.integer(0);
  }
};

TEST_F(StoredChats, AChatReadsAsItWasMade) {
  const auto made = make(7, {.title = "Leave",
                             .folder = {"work"},
                             .model = {"tiny"},
                             .system_prompt = {"Be brief."},
                             .parameters = json::Object{{"temperature", 0.5}}});
  const auto chat = chats.chat(7, made.id);
  EXPECT_TRUE(chat.id.starts_with("chat_"));
  EXPECT_EQ(chat.title, "Leave");
  EXPECT_EQ(chat.folder, "work");
  EXPECT_EQ(chat.system_prompt, "Be brief.");
  EXPECT_EQ(json::dump(chat.parameters), R"({"temperature":0.5})");
  EXPECT_FALSE(chat.leaf || chat.assistant || chat.share || chat.answering);
  const auto bare = chats.change(chat, {.folder = std::optional<std::string>()});
  EXPECT_FALSE(bare.folder);
  EXPECT_EQ(bare.model, "tiny");
}
TEST_F(StoredChats, AnothersChatIsNotThere) {
  const auto chat = make(7);
  EXPECT_EQ(code_of([&] { chats.chat(8, chat.id); }), Code::not_found);
  EXPECT_EQ(field_of([&] { chats.chat(7, "'; DROP TABLE chats; --"); }), "chat");
  EXPECT_TRUE(chats.list(8, {}, {}).empty());
  const auto other = make(8);
  const auto message = turn(other, std::nullopt, "a", "b");
  EXPECT_EQ(code_of([&] { chats.message(chat, message.id); }), Code::not_found);
  EXPECT_EQ(code_of([&] { chats.branch(chat, message.id, Page{}); }), Code::not_found);
  EXPECT_EQ(field_of([&] { chats.change(chat, {.leaf = message.id}); }), "leaf");
  EXPECT_EQ(field_of([&] { chats.add(chat, message.id, said("x"), std::nullopt); }), "parent");
}
TEST_F(StoredChats, WhatIsSaidFollowsItsParentAndTheLeafIsTheLast) {
  const auto chat = make();
  const auto first = turn(chat, std::nullopt, "one", "two");
  const auto second = turn(chat, first.id, "three", "four");
  EXPECT_EQ(chats.chat(7, chat.id).leaf, second.id);
  EXPECT_EQ(chats.chat(7, chat.id).messages, 4u);
  EXPECT_EQ(texts(chat, second.id), (std::vector<std::string>{"four", "three", "two", "one"}));
  EXPECT_EQ(texts(chat, second.id, {.limit = 2, .after = first.id, .oldest_first = true}),
            (std::vector<std::string>{"three", "four"}));
  EXPECT_EQ(texts(chat, second.id, {.limit = 2}).size(), 3u);  // one more than the page
}
TEST_F(StoredChats, AnEditIsASiblingAndBothBranchesStay) {
  const auto chat = make();
  const auto first = turn(chat, std::nullopt, "one", "two");
  turn(chat, first.id, "three", "four");
  const auto edited = turn(chat, first.id, "three!", "four!");
  EXPECT_EQ(texts(chat, *chats.chat(7, chat.id).leaf), (std::vector<std::string>{"four!", "three!", "two", "one"}));
  const auto branch = chats.branch(chat, edited.id, Page{});
  ASSERT_EQ(branch[1].siblings.size(), 2u);
  const auto back = chats.change(chat, {.leaf = branch[1].siblings[0]});
  EXPECT_EQ(texts(chat, *back.leaf), (std::vector<std::string>{"four", "three", "two", "one"}));
  // From the middle it goes on along the newest children.
  EXPECT_EQ(chats.change(chat, {.leaf = first.id}).leaf, edited.id);
  const auto root = turn(chat, std::nullopt, "other", "way");
  EXPECT_EQ(chats.branch(chat, root.id, Page{})[1].siblings.size(), 2u);
}
TEST_F(StoredChats, AnAnswersEndIsWrittenOnce) {
  const auto chat = make();
  const auto added = chats.add(chat, std::nullopt, said("hi"), queued());
  EXPECT_TRUE(chats.chat(7, chat.id).answering);
  ChatMessage end;
  end.text = "Hello";
  end.reasoning = "hm";
  end.status = "incomplete";
  end.finish_reason = "length";
  end.usage = {5, 1, 2, 1};
  end.first_token_ms = 12;
  end.tokens_per_second = 38.5;
  end.tool_calls = {json::Object{{"call_id", "c"}, {"name", "f"}, {"arguments", "{}"}}};
  EXPECT_TRUE(chats.finish(added.answer->id, end));
  EXPECT_FALSE(chats.finish(added.answer->id, {}));
  EXPECT_FALSE(chats.finish("cmsg_none", end));
  const auto read = chats.message(chat, added.answer->id);
  EXPECT_EQ(read.text, "Hello");
  EXPECT_EQ(read.reasoning, "hm");
  EXPECT_EQ(read.status, "incomplete");
  EXPECT_EQ(read.finish_reason, "length");
  EXPECT_EQ(read.usage.reasoning_tokens, 1u);
  EXPECT_EQ(read.first_token_ms, 12);
  EXPECT_EQ(read.tokens_per_second, 38.5);
  EXPECT_EQ(read.parent, added.said->id);
  EXPECT_EQ(read.tool_calls.size(), 1u);
  EXPECT_FALSE(chats.chat(7, chat.id).answering);
}
TEST_F(StoredChats, WhatWasBeingWrittenWhenTheBoxStoppedHasFailed) {
  const auto chat = make();
  const auto added = chats.add(chat, std::nullopt, said("hi"), queued());
  EXPECT_EQ(chats.fail_queued("server_error", "stopped"), 1u);
  EXPECT_EQ(chats.fail_queued("server_error", "stopped"), 0u);
  const auto read = chats.message(chat, added.answer->id);
  EXPECT_EQ(read.status, "failed");
  EXPECT_EQ(read.error_message, "stopped");
}
TEST_F(StoredChats, ARemovedChatLeavesNothing) {
  const auto chat = make();
  const auto first = turn(chat, std::nullopt, "one", "two");
  chats.add(chat, first.id, said("three"), queued());
  EXPECT_EQ(chats.remove(chat), std::vector<std::string>{"resp_1"});
  for (const char* table : {"chats", "chat_messages", "chat_text_words", "chat_title_words"})
    EXPECT_EQ(count(table), 0) << table;
  EXPECT_TRUE(found(7, "one").empty());
}
TEST_F(StoredChats, AChatOfTwoThousandMessagesIsReadByPagesAndDeleted) {
  const auto chat = make();
  std::optional<std::string> leaf;
  {
    store::Transaction one(database);  // which add() does not begin again: rows as add() writes them
    for (int i = 0; i < 2000; ++i) {
      const auto id = fmt::format("cmsg_{}", i);
      database.run(
          "INSERT INTO chat_messages (id, chat, parent, role, created, text, status) VALUES (?, ?, (SELECT "
          "number FROM chat_messages WHERE id = ?), 'user', 1, ?, 'completed')",
          id, chat.number, leaf, fmt::format("text {}", i));
      leaf = id;
    }
    one.commit();
  }
  std::optional<std::string> after;
  std::size_t seen = 0;
  for (bool more = true; more;) {
    auto page = chats.branch(chat, *leaf, {.limit = 200, .after = after});
    more = page.size() > 200;
    if (more) page.pop_back();
    seen += page.size();
    after = page.back().id;
  }
  EXPECT_EQ(seen, 2000u);
  EXPECT_EQ(chats.branch(chat, *leaf, std::uint64_t{1} << 20).size(), 2000u);
  EXPECT_EQ(field_of([&] { chats.branch(chat, *leaf, std::uint64_t{1000}); }), "chat");
  chats.remove(chat);
  EXPECT_EQ(count("chat_messages"), 0);
}
TEST_F(StoredChats, AreListedLastUsedFirst) {
  std::vector<Chat> made;
  for (int i = 0; i < 5; ++i) made.push_back(make(7, {.title = fmt::format("chat {}", i)}));
  now = 2000;
  turn(made[1], std::nullopt, "a", "b");
  std::vector<std::string> titles;
  std::optional<std::string> after;
  for (bool more = true; more;) {
    auto page = chats.list(7, {.limit = 2, .after = after}, {});
    more = page.size() > 2;
    if (more) page.pop_back();
    for (const auto& one : page) titles.push_back(one.chat.title);
    after = page.back().chat.id;
  }
  EXPECT_EQ(titles, (std::vector<std::string>{"chat 1", "chat 4", "chat 3", "chat 2", "chat 0"}));
  EXPECT_EQ(field_of([&] { chats.list(7, {.after = "chat_x"}, {}); }), "after");
}
TEST_F(StoredChats, LieInFoldersByName) {
  const auto a = make(7, {.folder = {"work"}});
  make(7, {.folder = {"work"}});
  make(7, {.folder = {"home"}});
  make(8, {.folder = {"theirs"}});
  EXPECT_EQ(chats.folders(7).size(), 2u);
  EXPECT_EQ(chats.folders(7)[1].chats, 2u);
  EXPECT_EQ(chats.list(7, {}, {.folder = "work"}).size(), 2u);
  chats.rename_folder(7, "work", "home");
  EXPECT_EQ(chats.folders(7).front().chats, 3u);
  chats.rename_folder(7, "home", std::nullopt);
  EXPECT_TRUE(chats.folders(7).empty());
  EXPECT_FALSE(chats.chat(7, a.id).folder);
  EXPECT_EQ(field_of([&] { chats.rename_folder(7, "theirs", "mine"); }), "folder");
}
TEST_F(StoredChats, ATitleIsTheFirstLineThatWasSaid) {
  const auto chat = make();
  turn(chat, std::nullopt, "\n  How many days?\nAnd why?", "30");
  EXPECT_EQ(chats.chat(7, chat.id).title, "How many days?");
  const auto titled = make(7, {.title = "mine"});
  turn(titled, std::nullopt, "hello", "hi");
  EXPECT_EQ(chats.chat(7, titled.id).title, "mine");
  const auto wide = make();
  std::string text;
  for (int i = 0; i < 60; ++i) text += "合";
  turn(wide, std::nullopt, text, "hi");
  const auto title = chats.chat(7, wide.id).title;
  EXPECT_EQ(title, text.substr(0, 78) + "…");
}
TEST_F(StoredChats, AreFoundByWordsOfTextsAndTitles) {
  const auto chat = make();
  turn(chat, std::nullopt, "Where is the holiday contract?", "In the São Paulo folder, v1.2 of it.");
  const auto other = make(7, {.title = "劳动合同模板"});
  turn(other, std::nullopt, "请检查合同条款", "好的");
  EXPECT_EQ(found(7, "contr").size(), 1u);
  EXPECT_EQ(found(7, "HOLIDAY contract").size(), 1u);
  EXPECT_EQ(found(7, "contract holiday").size(), 1u);
  EXPECT_EQ(found(7, "holiday paulo").size(), 0u);  // not in one text
  EXPECT_EQ(found(7, "sao v1.2").size(), 1u);
  EXPECT_EQ(found(7, "v1.3").size(), 0u);
  EXPECT_EQ(found(7, "合同").size(), 1u);
  EXPECT_EQ(found(7, "同条款").size(), 1u);
  EXPECT_EQ(found(7, "款").size(), 1u);
  EXPECT_EQ(found(7, "合条").size(), 0u);
  EXPECT_EQ(found(7, "模板").front(), "劳动合同模板");
  for (const char* nothing : {"", "  ", "?!", "\"", "nothing", "\" OR \"a", "*", "合同 nothing"})
    EXPECT_TRUE(found(7, nothing).empty()) << nothing;
}
TEST_F(StoredChats, NobodyFindsWhatOthersWrote) {
  turn(make(7), std::nullopt, "secret plan", "ok");
  turn(make(70), std::nullopt, "another", "ok");
  EXPECT_EQ(found(7, "secret").size(), 1u);
  EXPECT_TRUE(found(70, "secret").empty());
  EXPECT_TRUE(found(7, "0usecret").empty());
}
TEST_F(StoredChats, AHitTellsItsMessageAndThePieceAroundIt) {
  const auto chat = make();
  turn(chat, std::nullopt, std::string(200, 'x') + "\nthe needle lies " + std::string(300, 'y'), "hm");
  const auto hits = chats.list(7, {}, {{}, "needle"});
  ASSERT_EQ(hits.size(), 1u);
  EXPECT_EQ(hits.front().message, chats.branch(chat, *chats.chat(7, chat.id).leaf, Page{})[1].id);
  EXPECT_TRUE(hits.front().excerpt.starts_with("…xxx"));
  EXPECT_NE(hits.front().excerpt.find("x the needle lies yyy"), std::string::npos) << hits.front().excerpt;
  EXPECT_TRUE(hits.front().excerpt.ends_with("yyy…"));
  chats.change(chat, {.title = "The needle"});
  const auto titled = chats.list(7, {}, {{}, "needle"});
  EXPECT_FALSE(titled.front().message);
  EXPECT_EQ(titled.front().excerpt, "The needle");
}
TEST_F(StoredChats, ALinkShowsTheBranchAsItWasWhenItWasMade) {
  const auto chat = make();
  const auto first = turn(chat, std::nullopt, "one", "two");
  const auto link = *chats.share(chat, 3).share;
  turn(chat, first.id, "three", "four");
  const auto shared = chats.shared(link.id);
  EXPECT_EQ(shared.id, chat.id);
  EXPECT_EQ(texts(shared, shared.share->leaf), (std::vector<std::string>{"two", "one"}));
  const auto renewed = *chats.share(chat, 3).share;
  EXPECT_EQ(renewed.id, link.id);
  EXPECT_EQ(texts(chat, renewed.leaf).size(), 4u);
  chats.unshare(chat);
  EXPECT_EQ(field_of([&] { chats.shared(link.id); }), "share");
}

}  // namespace
}  // namespace cofre::records
