#include <fstream>

#include <gtest/gtest.h>

#include "base/thrown.h"
#include "os/paths.h"
#include "records/batches.h"
#include "records/files.h"

namespace cofre::records {
namespace {

using Status = Batch::Status;

struct TheRecords : testing::Test {
  os::TemporaryDirectory folder{testing::TempDir()};
  crypto::Secret key = crypto::Secret::random();
  store::Database database{folder.path() / "test.db", key};
  std::mutex mutex;
  std::int64_t now = 1000;
  Tables tables{database, mutex, folder.path() / "backups"};
  Files files{tables, options()};
  Batches batches{tables, files, 5000, [this] { return now; }};

  Files::Options options() {
    return {.folder = folder.path() / "files", .keep_s = 5000, .clock = [this] { return now; }};
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
  files.sweep();
  EXPECT_EQ(contents(), 1u);
  EXPECT_TRUE(files.find(1, late.id));
}
TEST_F(TheRecords, WhatARunningBatchReadsStays) {
  const auto batch = made();
  EXPECT_EQ(field_of([&] { files.remove(1, batch.input_file); }), "file_id");
  now += 5000;
  files.sweep();
  EXPECT_EQ(content(1, batch.input_file), "{}");
  batches.fail(batch.number, {fault("x", "y")});
  files.sweep();
  EXPECT_EQ(contents(), 0u);
}
TEST_F(TheRecords, AnUploadThatWasCutOffLeavesNothing) {
  files.begin()->write("never kept");
  EXPECT_EQ(contents(), 0u);
  std::ofstream(folder.path() / "files" / "file-of-a-crash") << "x";
  const Files again{tables, options()};
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
  batches.sweep();
  EXPECT_TRUE(batches.find(1, batch.id));
  now += 1;
  batches.sweep();
  EXPECT_FALSE(batches.find(1, batch.id));
}

}  // namespace
}  // namespace cofre::records
