#include <fstream>
#include <map>

#include <gtest/gtest.h>

#include "accounts/accounts.h"
#include "base/thrown.h"
#include "os/paths.h"
#include "records/batches.h"
#include "records/chats.h"
#include "records/files.h"
#include "records/responses.h"
#include "records/sweeper.h"

namespace cofre::records {
namespace {

using accounts::Kept;
using accounts::Level;
using Status = Batch::Status;

struct TheRecords : testing::Test {
  os::TemporaryDirectory folder{testing::TempDir()};
  crypto::Secret key = crypto::Secret::random();
  store::Database database{folder.path() / "test.db", key};
  std::mutex mutex;
  std::int64_t now = 1000;
  accounts::Accounts accounts{database, mutex, key, folder.path() / "backups", [this] { return now; }};
  Tables tables{database, mutex, folder.path() / "backups"};
  bool is_held = false;
  Keeping keeping{.otherwise_s = 5000, .rules = &accounts.retention, .held = [this](std::uint64_t) { return is_held; }};
  Files files{tables, keeping, options()};
  Batches batches{tables, files, [this] { return now; }};
  Responses responses{tables, keeping, [this] { return now; }};
  Chats chats{tables, [this] { return now; }};
  Sweeper sweeper{tables, files, keeping, [this] { return now; }};

  Files::Options options() {
    return {.folder = folder.path() / "files", .clock = [this] { return now; }};
  }
  /// A whole round. Returns how much was removed of a kind.
  std::map<std::string_view, std::uint64_t> sweep() {
    std::map<std::string_view, std::uint64_t> removed;
    for (bool more = true; more;) {
      const auto swept = sweeper.sweep();
      if (swept.removed > 0) removed[swept.kind] += swept.removed;
      more = swept.more;
    }
    return removed;
  }
  TheRecords() {
    user("one");
    user("two");
  }
  std::uint64_t user(std::string_view name, std::int64_t tenant = accounts::home_tenant) {
    accounts::Owner wanted;
    wanted.tenant = tenant;
    wanted.name = name;
    return static_cast<std::uint64_t>(accounts.directory.create_owner(wanted).id);
  }
  void answered(std::uint64_t holder, const std::string& id, std::string_view input = "[]") {
    responses.add({.id = id,
                   .tenant = holder,
                   .key_id = 7,
                   .created = now,
                   .status = "completed",
                   .input = std::string(input),
                   .object = "{}"});
  }
  std::int64_t stored(std::uint64_t holder) {
    auto row = database.query("SELECT bytes FROM stored_bytes WHERE owner = ?", static_cast<std::int64_t>(holder));
    return row.next() ? row.integer(0) : 0;
  }
  File given(std::uint64_t tenant, std::string_view text, std::string_view purpose = "batch",
             std::optional<std::int64_t> expires = std::nullopt) {
    const auto draft = files.begin();
    draft->write(text);
    return files.keep(*draft, {tenant, "in.jsonl", purpose, expires});
  }
  std::string content(std::uint64_t tenant, std::string_view id) {
    auto reader = files.open(tenant, id);
    std::string text;
    while (reader.read(text)) continue;
    return text;
  }
  Batch made(std::string_view text = "{}") {
    return batches.create({1, 7, "/v1/embeddings", given(1, text).id, nullptr, std::nullopt}, 10);
  }
  std::size_t contents() const {
    const auto all = std::filesystem::directory_iterator(folder.path() / "files");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
  }
};

TEST_F(TheRecords, AFileReadsAsItWasWrittenAndLiesSealedOnTheDisk) {
  for (const std::size_t size : {0ul, 1ul, 65536ul, 65537ul, 200'000ul}) {
    const std::string text(size, 'x');
    const auto file = given(1, text);
    EXPECT_EQ(file.bytes, size);
    EXPECT_EQ(content(1, file.id), text);
    const auto path = folder.path() / "files" / file.id;
    EXPECT_EQ(std::filesystem::status(path).permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    EXPECT_EQ(os::read_whole(path, 1 << 20).find("xxxx"), std::string::npos);
  }
}
TEST_F(TheRecords, AFileThatWasCutOrChangedIsNotRead) {
  const auto file = given(1, std::string(100'000, 'x'));
  const auto path = folder.path() / "files" / file.id;
  std::filesystem::resize_file(path, 65536 + 24 + 17);
  EXPECT_EQ(code_of([&] { content(1, file.id); }), Code::invalid);
  std::filesystem::remove(path);
  EXPECT_EQ(code_of([&] { content(1, file.id); }), Code::not_found);
}
TEST_F(TheRecords, AFileIsItsTenantsAlone) {
  const auto file = given(1, "a");
  EXPECT_TRUE(files.find(1, file.id));
  EXPECT_FALSE(files.find(2, file.id));
  EXPECT_TRUE(files.list(2, {}, std::nullopt).empty());
  EXPECT_EQ(field_of([&] { files.open(2, file.id); }), "file_id");
  EXPECT_EQ(field_of([&] { files.remove(2, file.id); }), "file_id");
  EXPECT_EQ(field_of([&] { files.list(2, {.limit = 1, .after = file.id}, std::nullopt); }), "after");
  EXPECT_EQ(field_of([&] {
              batches.create({2, 8, "/v1/embeddings", file.id, nullptr, std::nullopt}, 10);
            }),
            "input_file_id");
  const auto batch = made();
  EXPECT_FALSE(batches.find(2, batch.id));
  EXPECT_EQ(field_of([&] { batches.cancel(2, batch.id); }), "batch_id");
}
TEST_F(TheRecords, FilesComeInPages) {
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(given(1, "a", i % 2 == 0 ? "batch" : "user_data").id);
  auto page = files.list(1, {.limit = 2}, std::nullopt);
  ASSERT_EQ(page.size(), 3u);  // one more tells that there are more
  EXPECT_EQ(page[0].id, ids[4]);
  page = files.list(1, {.limit = 9, .after = ids[3]}, std::nullopt);
  ASSERT_EQ(page.size(), 3u);
  EXPECT_EQ(page[0].id, ids[2]);
  page = files.list(1, {.limit = 9, .after = ids[0], .oldest_first = true}, "batch");
  ASSERT_EQ(page.size(), 2u);
  EXPECT_EQ(page[0].id, ids[2]);
}
TEST_F(TheRecords, WhatExpiresIsGoneAndItsContentToo) {
  const auto soon = given(1, "a", "user_data", 100), late = given(1, "b", "user_data", 999'999);
  EXPECT_EQ(late.expires, now + 5000);
  now += 100;
  EXPECT_FALSE(files.find(1, soon.id));
  sweep();
  EXPECT_EQ(contents(), 1u);
  EXPECT_TRUE(files.find(1, late.id));
}
TEST_F(TheRecords, WhatARunningBatchReadsStays) {
  const auto batch = made();
  EXPECT_EQ(field_of([&] { files.remove(1, batch.input_file); }), "file_id");
  now += 5000;
  sweep();
  EXPECT_EQ(content(1, batch.input_file), "{}");
  batches.fail(batch.number, {fault("x", "y")});
  sweep();
  EXPECT_EQ(contents(), 0u);
}
TEST_F(TheRecords, AnUploadThatWasCutOffLeavesNothing) {
  files.begin()->write("never kept");
  EXPECT_EQ(contents(), 0u);
  std::ofstream(folder.path() / "files" / "file-of-a-crash") << "x";
  const Files again{tables, keeping, options()};
  EXPECT_EQ(contents(), 0u);
}
TEST_F(TheRecords, ABatchGoesItsWay) {
  auto batch = made();
  EXPECT_EQ(batch.status, Status::validating);
  EXPECT_EQ(batch.expires, now + 86400);
  batches.begin(batch.number, 3);
  batches.answer(batch.number, {3, false, R"({"n":3})", {1, 2, 3, 4}});
  batches.answer(batch.number, {1, false, R"({"n":1})", {1, 0, 0, 0}});
  batches.answer(batch.number, {2, true, R"({"n":2})", {}});
  EXPECT_EQ(batches.answered(batch.number), (std::unordered_set<std::uint64_t>{1, 2, 3}));
  batches.finalize(batch.number);
  batch = *batches.find(1, batch.id);
  EXPECT_EQ(batch.status, Status::finalizing);
  batches.end(batch, Status::completed);
  batch = *batches.find(1, batch.id);
  EXPECT_EQ(batch.status, Status::completed);
  EXPECT_EQ(batch.completed, 2u);
  EXPECT_EQ(batch.failed, 1u);
  EXPECT_EQ(batch.usage.prompt_tokens, 2u);
  EXPECT_EQ(content(1, *batch.output_file), "{\"n\":1}\n{\"n\":3}\n");
  EXPECT_EQ(content(1, *batch.error_file), "{\"n\":2}\n");
  EXPECT_EQ(files.find(1, *batch.output_file)->purpose, "batch_output");
  EXPECT_TRUE(batches.open().empty());
}
TEST_F(TheRecords, ALineIsAnsweredOnce) {
  const auto batch = made();
  batches.begin(batch.number, 1);
  batches.answer(batch.number, {1, false, "{}", {}});
  EXPECT_TRUE(thrown_by([&] { batches.answer(batch.number, {1, false, "{}", {}}); }));
  EXPECT_EQ(batches.find(1, batch.id)->completed, 1u);
}
TEST_F(TheRecords, LongAnswersAreWrittenWhole) {
  const auto batch = made();
  batches.begin(batch.number, 5);
  std::string whole;
  for (std::uint64_t line = 1; line <= 5; ++line) {
    const std::string text(700'000, static_cast<char>('a' + line));
    batches.answer(batch.number, {line, false, text, {}});
    whole += text + "\n";
  }
  batches.end(batch, Status::completed);
  EXPECT_EQ(content(1, *batches.find(1, batch.id)->output_file), whole);
  EXPECT_FALSE(batches.find(1, batch.id)->error_file);
}
TEST_F(TheRecords, WhatWasNotAnsweredIsInTheErrorFile) {
  const auto batch = made();
  batches.begin(batch.number, 2);
  batches.answer(batch.number, {1, false, "{}", {}});
  int given_left = 0;
  batches.end(batch, Status::expired, [&]() -> std::optional<std::string> {
    if (given_left++ == 0) return "left";
    return std::nullopt;
  });
  EXPECT_EQ(content(1, *batches.find(1, batch.id)->error_file), "left\n");
}
TEST_F(TheRecords, ACancelledBatchIsNotBegunAgain) {
  const auto first = made(), second = made();
  EXPECT_EQ(batches.cancel(1, first.id).status, Status::cancelling);
  batches.begin(first.number, 1);
  EXPECT_EQ(batches.find(1, first.id)->status, Status::cancelling);
  batches.cancel_of_key(7, fault("key_revoked", "gone"));
  EXPECT_TRUE(batches.find(1, first.id)->faults.empty());
  EXPECT_EQ(batches.find(1, second.id)->faults.size(), 1u);
  batches.end(second, Status::cancelled);
  EXPECT_EQ(batches.cancel(1, second.id).status, Status::cancelled);
}
TEST_F(TheRecords, OnlySoManyBatchesWait) {
  const auto file = given(1, "{}");
  batches.create({1, 7, "/v1/embeddings", file.id, nullptr, std::nullopt}, 1);
  EXPECT_EQ(code_of([&] {
              batches.create({1, 7, "/v1/embeddings", file.id, nullptr, std::nullopt}, 1);
            }),
            Code::exhausted);
}
TEST_F(TheRecords, OldBatchesAreSwept) {
  const auto batch = made();
  batches.fail(batch.number, {fault("x", "y")});
  now += 4999;
  sweep();
  EXPECT_TRUE(batches.find(1, batch.id));
  now += 1;
  sweep();
  EXPECT_FALSE(batches.find(1, batch.id));
}
TEST_F(TheRecords, TheNarrowestRuleSaysHowLongSomethingIsKept) {
  const auto ana = user("ana"), ben = user("ben");
  accounts.retention.set({0, Level::tenant, accounts::home_tenant, Kept::files, 3});
  const auto rule = accounts.retention.set({0, Level::user, static_cast<std::int64_t>(ben), Kept::files, 10});
  const auto acme = accounts.directory.create_tenant("acme", "UTC", "CNY").id;
  const auto of_ana = given(ana, "a"), of_ben = given(ben, "b"), of_eva = given(user("eva", acme), "c");
  EXPECT_EQ(of_ana.expires, now + 3 * 86400);
  EXPECT_EQ(of_ben.expires, now + 10 * 86400);
  EXPECT_EQ(of_eva.expires, now + 5000);
  answered(ana, "resp_a");
  now += 4 * 86400;
  EXPECT_EQ(sweep(), (std::map<std::string_view, std::uint64_t>{{"files", 2}, {"responses", 1}}));
  EXPECT_TRUE(files.find(ben, of_ben.id));
  accounts.retention.remove(rule.id);  // what is shorter now holds for what is there already
  EXPECT_EQ(sweep(), (std::map<std::string_view, std::uint64_t>{{"files", 1}}));
  EXPECT_EQ(contents(), 0u);
}
TEST_F(TheRecords, WhatALegalHoldKeepsIsNeitherSweptNorDeletedButNotSeenAnyMore) {
  const auto file = given(1, "evidence"), old = given(1, "older", "batch", 10);
  answered(1, "resp_a");
  is_held = true;
  files.remove(1, file.id);
  EXPECT_TRUE(responses.remove(1, "resp_a"));
  EXPECT_FALSE(files.find(1, file.id));
  EXPECT_FALSE(responses.find(1, "resp_a"));
  EXPECT_FALSE(responses.remove(1, "resp_a"));
  EXPECT_EQ(field_of([&] { files.remove(1, file.id); }), "file_id");
  now += 1'000'000;
  EXPECT_TRUE(sweep().empty());
  EXPECT_EQ(content(1, file.id), "evidence");
  is_held = false;
  EXPECT_EQ(sweep(), (std::map<std::string_view, std::uint64_t>{{"files", 2}, {"responses", 1}}));
  EXPECT_EQ(contents(), 0u);
}
TEST_F(TheRecords, ASweepGoesOverEverythingInPieces) {
  {
    store::Transaction quickly(database);
    for (int i = 0; i < 450; ++i) answered(i % 2 == 0 ? 1 : 2, "resp_" + std::to_string(i));
    quickly.commit();
  }
  now += 5000;
  auto first = sweeper.sweep();
  while (first.kind != "responses") first = sweeper.sweep();  // those before it have nothing
  EXPECT_EQ(first.removed, static_cast<std::uint64_t>(Sweeper::piece_rows));
  EXPECT_TRUE(first.more);
  EXPECT_EQ(sweep()["responses"], 250u);
  EXPECT_TRUE(sweep().empty());
}
TEST_F(TheRecords, TheKeyOfWhatIsSweptStaysInNoLogOfTheDatabase) {
  given(1, "a");
  EXPECT_GT(std::filesystem::file_size(folder.path() / "test.db-wal"), 0u);
  now += 5000;
  sweep();
  EXPECT_EQ(std::filesystem::file_size(folder.path() / "test.db-wal"), 0u);
  EXPECT_FALSE(database.query("SELECT 1 FROM files").next());
}
TEST_F(TheRecords, EveryByteIsCountedToItsHolder) {
  const auto file = given(1, std::string(1000, 'x'));
  given(2, "four");
  answered(1, "resp_a", R"(["é"])");
  EXPECT_EQ(stored(1), 1000 + 6 + 2);
  EXPECT_EQ(stored(2), 4);
  files.remove(1, file.id);
  EXPECT_EQ(stored(1), 8);
  responses.add(
      {.id = "resp_b", .tenant = 1, .key_id = 7, .created = now, .status = "queued", .input = "[]", .object = "{}"});
  responses.finish("resp_b", {"completed", R"({"long":"object"})", ""});
  EXPECT_EQ(stored(1), 8 + 2 + 17);
  const auto removed = sweeper.remove_all(1);
  EXPECT_EQ(removed.at(2), (std::pair<std::string_view, std::uint64_t>("responses", 2)));
  EXPECT_EQ(stored(1), 0);
  EXPECT_EQ(stored(2), 4);
}

TEST_F(TheRecords, DeletingATenantMakesNoiseOfItsContentsAndThenRemovesThem) {
  const auto acme = accounts.directory.create_tenant("acme", "UTC", "CNY").id;
  const auto eva = user("eva", acme);
  const auto file = given(eva, "secret of acme"), other = given(1, "of home");
  answered(eva, "resp_a");
  accounts.directory.set_tenant_state(acme, accounts::State::deleted);
  EXPECT_EQ(code_of([&] { content(eva, file.id); }), Code::not_found);
  EXPECT_EQ(code_of([&] { given(eva, "more"); }), Code::not_found);
  EXPECT_EQ(contents(), 2u);
  EXPECT_EQ(sweep(), (std::map<std::string_view, std::uint64_t>{{"files", 1}, {"responses", 1}}));
  EXPECT_EQ(contents(), 1u);
  EXPECT_EQ(content(1, other.id), "of home");
}
TEST_F(TheRecords, AKeyInTheRowOpensUnderItsTenantsKeyAndForItsFileAlone) {
  const auto one = given(1, "one"), two = given(1, "two");
  {
    auto row = database.query("SELECT key FROM files WHERE id = ?", one.id);
    ASSERT_TRUE(row.next());
    EXPECT_GT(row.blob(0).size(), crypto::secret_bytes);
  }
  database.run("UPDATE files SET key = (SELECT key FROM files WHERE id = ?) WHERE id = ?", two.id, one.id);
  EXPECT_EQ(code_of([&] { content(1, one.id); }), Code::invalid);
  EXPECT_EQ(content(1, two.id), "two");
}
TEST_F(TheRecords, KeysFromBeforeTenantsHadSomeAreSealedAtTheStart) {
  const auto bare = crypto::Secret::random();
  for (const auto& [id, holder] : {std::pair("file-old", 1), std::pair("file-lost", 77)}) {
    SealedWriter content(folder.path() / "files" / id, bare);
    content.write("from before");
    content.finish();
    database.run(
        "INSERT INTO files (id, tenant, name, purpose, bytes, key, created, expires) "
        "VALUES (?, ?, 'a', 'batch', 11, ?, ?, ?)",
        id, holder, bare.bytes(), now, now + 100);
  }
  const Files again{tables, keeping, options()};
  EXPECT_EQ(content(1, "file-old"), "from before");
  EXPECT_EQ(contents(), 1u);
  auto row = database.query("SELECT 1 FROM files WHERE length(key) = 32");
  EXPECT_FALSE(row.next());
}

TEST_F(TheRecords, ChatsAreKeptForEverWhereNoRuleSaysHowLong) {
  const auto chat = chats.create(1, accounts::home_tenant, {});
  ChatMessage said;
  said.id = new_id("cmsg_");
  said.text = "hello";
  chats.add(chat, std::nullopt, said, std::nullopt);
  EXPECT_GE(stored(1), 5);
  now += 1'000'000'000;
  EXPECT_TRUE(sweep().empty());
  accounts.retention.set({0, Level::box, 0, Kept::chats, 30});
  EXPECT_EQ(sweep(), (std::map<std::string_view, std::uint64_t>{{"chats", 1}}));
  EXPECT_EQ(stored(1), 0);
}

}  // namespace
}  // namespace cofre::records
