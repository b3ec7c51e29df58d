#include "accounts/audit/trail.h"

#include <thread>

#include "accounts/audit/fixture.h"
#include "base/thrown.h"

namespace cofre::accounts::audit {
namespace {

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST_F(TrailTest, WhatIsRecordedIsExportedAndVerified) {
  open();
  auto made = entry("key.create");
  made.subject = "app";
  made.facts = {{"scopes", "inference"}};
  EXPECT_EQ(trail->record_now(made), 2u);  // 1 begins the segment
  trail->record(entry("request", ""));
  const auto all = records();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[1].at("n"), 2);
  EXPECT_EQ(all[1].at("t"), "2025-11-25T03:10:00.123Z");
  EXPECT_EQ(all[1].at("do"), "key.create");
  EXPECT_EQ(all[1].at("who"), "alice");
  EXPECT_EQ(all[1].at("from"), "192.0.2.7");
  EXPECT_EQ(all[1].at("subject"), "app");
  EXPECT_EQ(all[1].at("facts").at("scopes"), "inference");
  EXPECT_EQ(all[2].at("from"), "192.0.2.7");
  EXPECT_FALSE(all[2].contains("who"));
  const auto verdict = check();
  EXPECT_FALSE(verdict.bad) << verdict.bad->what;
  EXPECT_EQ(verdict.records, 3u);
}

TEST_F(TrailTest, NamesAndAddressesAreNotInTheFiles) {
  open().record_now(entry("key.create"));
  for (const auto& [name, text] : files()) {
    EXPECT_FALSE(has(text, "alice"));
    EXPECT_FALSE(has(text, "192.0.2.7"));
  }
  EXPECT_EQ(std::filesystem::status(files().empty() ? "" : options.folder / files().begin()->first).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(TrailTest, AChainGoesOnOverStartsSegmentsAndDays) {
  options.segment_bytes = 2000;
  options.checkpoint_records = 10;
  for (int start = 0; start < 5; ++start) {
    open();
    for (int i = 0; i < 20; ++i) {
      trail->record(entry("request"));
      if (i % 5 == 0) trail->flush();
    }
    trail->flush();
    now_ms += 86'400'000;
  }
  open().record_now(entry("last"));
  const auto verdict = check();
  EXPECT_FALSE(verdict.bad) << verdict.bad->what;
  EXPECT_GT(verdict.segments, 5u);
  EXPECT_GE(verdict.checkpoints, 5u);
  EXPECT_EQ(verdict.last, trail->ends().head);
  EXPECT_EQ(records({.from = {}, .until = {}, .person = {}, .action = "request"}).size(), 100u);
}

TEST_F(TrailTest, ManyThreadsLoseNothing) {
  open();
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < 500; ++i) {
        if (i % 50 == 0) {
          trail->record_now(entry("now", "person " + std::to_string(t)));
        } else {
          trail->record(entry("later", "person " + std::to_string(i % 10)));
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(records({.from = {}, .until = {}, .person = {}, .action = "now"}).size(), 80u);
  EXPECT_EQ(records({.from = {}, .until = {}, .person = {}, .action = "later"}).size(), 3920u);
  EXPECT_FALSE(check().bad);
}

TEST_F(TrailTest, WhatCannotBeRecordedIsNotDone) {
  open();
  bool done = false;
  const auto act = [&] { return done = true; };
  EXPECT_TRUE(trail->perform(entry("key.create"), act));
  faults.full = true;
  done = false;
  EXPECT_EQ(code_of([&] { trail->perform(entry("key.create"), act); }), Code::exhausted);
  EXPECT_FALSE(done);
  faults = {.full = false, .no_sync = true};
  EXPECT_EQ(code_of([&] { trail->perform(entry("key.create"), act); }), Code::unavailable);
  EXPECT_FALSE(done);
  faults = {};
  EXPECT_TRUE(trail->perform(entry("key.create"), act));
  const auto all = records({.from = {}, .until = {}, .person = {}, .action = "key.create"});
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[0].at("outcome"), "begun");
  EXPECT_EQ(all[1].at("outcome"), "ok");
  EXPECT_EQ(all[1].at("facts").at("begun"), all[0].at("n"));
  EXPECT_FALSE(check().bad);
}

TEST_F(TrailTest, AnActionThatFailsIsRecordedAsFailed) {
  open();
  const auto act = []() -> int { fail_field(Code::not_found, "name", "no such key"); };
  EXPECT_EQ(code_of([&] { trail->perform(entry("key.revoke"), act); }), Code::not_found);
  const auto all = records({.from = {}, .until = {}, .person = {}, .action = "key.revoke"});
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[1].at("outcome"), "failed");
  EXPECT_EQ(all[1].at("facts").at("error"), "not_found");
  EXPECT_EQ(all[1].at("facts").at("field"), "name");
}

TEST_F(TrailTest, RequestsOfADiskThatWasFullAreThereWhenItHasSpace) {
  open().record_now(entry("first"));
  for (const Faults& fault : {Faults{true, false}, Faults{false, true}}) {
    faults = fault;
    for (int i = 0; i < 10; ++i) trail->record(entry("request"));
    EXPECT_THROW(trail->flush(), Error);
    EXPECT_TRUE(has(trail->take_trouble(), "cannot be written"));
    faults = {};
    trail->flush();
  }
  EXPECT_EQ(records({.from = {}, .until = {}, .person = {}, .action = "request"}).size(), 20u);
  EXPECT_FALSE(check().bad);
}

TEST_F(TrailTest, ADiskThatStaysFullIsToldAndWhatWasLostIsCounted) {
  options.queue_max = 10;
  open().record_now(entry("first"));
  faults.full = true;
  for (int i = 0; i < 5; ++i) trail->record(entry("request"));
  EXPECT_THROW(trail->flush(), Error);
  EXPECT_FALSE(trail->accepts());
  for (int i = 0; i < 12; ++i) trail->record(entry("request"));
  EXPECT_THROW(trail->flush(), Error);
  faults = {};
  trail->flush();
  EXPECT_TRUE(trail->accepts());
  std::int64_t lost = 0;
  for (const auto& record : records({.from = {}, .until = {}, .person = {}, .action = "trail.lost"}))
    lost += record.at("facts").at("records").as_int64();
  const auto kept = records({.from = {}, .until = {}, .person = {}, .action = "request"}).size();
  EXPECT_EQ(lost + static_cast<std::int64_t>(kept), 17);
  EXPECT_FALSE(check().bad);
}

TEST_F(TrailTest, ADatabaseThatTakesNoHeadHoldsUpNoStop) {
  open().record_now(entry("first"));
  database.script("PRAGMA query_only = ON");
  trail->record_now(entry("second"));
  EXPECT_TRUE(has(trail->take_trouble(), "the head of the trail cannot be stored"));
  trail.reset();
  database.script("PRAGMA query_only = OFF");
  open().record_now(entry("third"));
  EXPECT_EQ(records().size(), 4u);  // the first one begins the file
  EXPECT_FALSE(check().bad);
}

TEST_F(TrailTest, ATornRecordIsCutAtTheStartAndNothingElse) {
  open().record_now(entry("first"));
  trail.reset();
  const auto whole = files().begin()->second;
  // Whatever part of one more record is there, nobody was told that it is.
  Link last{2, std::string(read_line(whole.substr(whole.find("\n") + 1, whole.size() - whole.find("\n") - 2))->hash)};
  const auto more = next_line(last, R"("t":"2025-11-25T03:10:00.123Z","do":"request","outcome":"ok")");
  for (std::size_t part = 1; part < more.size(); part += 7) {
    put({{files().begin()->first, whole + more.substr(0, part)}});
    open();
    const auto all = records();
    ASSERT_EQ(all.size(), 3u) << part;
    EXPECT_EQ(all[2].at("do"), "trail.mended");
    EXPECT_EQ(all[2].at("facts").at("torn_bytes"), static_cast<std::int64_t>(part));
    EXPECT_FALSE(check().bad);
    trail.reset();
    database.run("UPDATE audit_chain SET head_n = 2, head_hash = ?",
                 read_line(Lines(whole.substr(whole.find("\n") + 1)).next().value())->hash);
  }
  // A whole one counts, though the database had not heard of it.
  put({{files().begin()->first, whole + more}});
  open();
  EXPECT_EQ(records().size(), 3u);
  EXPECT_EQ(trail->ends().head.n, 3u);
}

TEST_F(TrailTest, ATornNewSegmentIsTakenAway) {
  open().record_now(entry("first"));
  for (const std::string torn : {"", "{\"n\":3,\"t\":\"2025"}) {
    const auto path = segment_path(options.folder, check().last.n + 1);
    trail.reset();
    std::ofstream(path) << torn;
    open().record_now(entry("next"));
    EXPECT_FALSE(check().bad);
    EXPECT_EQ(check().segments, 1u);
  }
}

TEST_F(TrailTest, ABoxWhoseTrailWasDamagedStartsAndTheDamageStaysVisible) {
  open();
  for (int i = 0; i < 10; ++i) trail->record(entry("request"));
  trail->flush();
  trail.reset();
  auto all = files();
  auto& text = all.begin()->second;
  text.resize(text.size() / 2);
  put(all);
  open();
  EXPECT_TRUE(has(trail->take_trouble(), "the trail lacks records"));
  trail->record_now(entry("after"));
  const auto verdict = check();
  ASSERT_TRUE(verdict.bad);
  EXPECT_LE(verdict.bad->n, 11u);
  EXPECT_EQ(records({.from = {}, .until = {}, .person = {}, .action = "trail.damaged"}).size(), 1u);
}

TEST_F(TrailTest, AnErasedPersonIsGoneAndTheChainHolds) {
  open().record_now(entry("login", "alice"));
  trail->record_now(entry("login", "bob"));
  auto about = entry("user.create", "bob");
  about.subject = "alice";
  trail->record_now(about);
  EXPECT_EQ(records({.from = {}, .until = {}, .person = trail->persons().find("alice"), .action = {}}).size(), 2u);
  trail->persons().erase("alice", now_ms / 1000);
  EXPECT_EQ(code_of([&] { trail->persons().erase("alice", 0); }), Code::not_found);
  for (const bool again : {false, true}) {
    if (again) open();
    const auto all = records();
    EXPECT_FALSE(all[1].contains("who"));
    EXPECT_EQ(all[1].at("erased"), true);
    EXPECT_EQ(all[2].at("who"), "bob");
    EXPECT_EQ(all[3].at("who"), "bob");
    EXPECT_FALSE(all[3].contains("subject"));
    EXPECT_FALSE(check().bad);
  }
  // Whoever comes back under that name is another person.
  trail->record_now(entry("login", "alice"));
  EXPECT_EQ(records().back().at("who"), "alice");
  EXPECT_TRUE(records()[1].contains("erased"));
}

TEST_F(TrailTest, ALegalHoldWins) {
  open().record_now(entry("login"));
  auto& persons = trail->persons();
  for (const std::string whom : {"alice", ""}) {
    persons.hold(whom, 0);
    EXPECT_EQ(field_of([&] { persons.erase("alice", 0); }), "name");
    EXPECT_EQ(records()[1].at("who"), "alice");
    persons.release(whom);
    EXPECT_EQ(code_of([&] { persons.release(whom); }), Code::not_found);
  }
  persons.erase("alice", 0);
}

TEST_F(TrailTest, RetentionRemovesWholeOldSegmentsAndTheRestStillVerifies) {
  options.keep_days = 30;
  constexpr std::int64_t day = 86'400'000;
  open();
  for (int i = 0; i < 60; ++i, now_ms += day) trail->record_now(entry("request"));
  EXPECT_EQ(segments_in(options.folder).size(), 60u);
  trail->persons().hold("bob", 0);
  EXPECT_EQ(trail->retire(), 0u);
  trail->persons().release("bob");
  now_ms += 3'600'001;
  EXPECT_EQ(trail->retire(), 30u);
  EXPECT_FALSE(check().bad);
  const auto alone = verify(options.folder, {});
  EXPECT_FALSE(alone.bad) << alone.bad->what;
  open().record_now(entry("request"));
  EXPECT_FALSE(check().bad);
  std::filesystem::remove(segments_in(options.folder).front().path);
  ASSERT_TRUE(check().bad);
  EXPECT_EQ(check().bad->n, trail->ends().base.n + 1);
  EXPECT_EQ(verify(options.folder, {}).bad->n, trail->ends().base.n + 1);
}

TEST_F(TrailTest, AnExportedCheckpointFindsTheReturnOfAnOlderDirectory) {
  open();
  for (int i = 0; i < 10; ++i) trail->record(entry("request"));
  trail->flush();
  const auto old_files = files();
  const auto old_ends = expected();
  for (int i = 0; i < 10; ++i) trail->record(entry("request"));
  const auto checkpoint = checkpoint_from_json(to_json(trail->checkpoint()));
  EXPECT_TRUE(checkpoint.is_signed());
  trail.reset();
  put(old_files);
  auto known = old_ends;
  EXPECT_FALSE(verify(options.folder, known).bad) << "files and database of the same age agree";
  known.checkpoints = {checkpoint};
  const auto verdict = verify(options.folder, known);
  ASSERT_TRUE(verdict.bad);
  EXPECT_EQ(verdict.bad->n, 12u);
  auto forged = checkpoint;
  forged.link.n = 5;
  known.checkpoints = {forged};
  EXPECT_EQ(field_of([&] { verify(options.folder, known); }), "checkpoint");
}

class ContentsOfRequests : public TrailTest {
 protected:
  static constexpr std::int64_t day_ms = 86'400'000;
  void keep(std::string who, std::int64_t days) {
    auto made = entry("request", std::move(who));
    made.content = {R"({"asked":"canary"})", days};
    trail->record(std::move(made));
  }
  /// Of each request, as one reads it who may: "gone" where its key is.
  std::vector<std::string> contents() {
    Filter filter;
    filter.action = "request";
    filter.contents = Contents::open;
    std::vector<std::string> all;
    for (const auto& record : records(filter)) {
      const auto* content = record.if_contains("content");
      all.push_back(content == nullptr ? "none" : content->is_null() ? "gone" : json::dump(*content));
    }
    return all;
  }
};
TEST_F(ContentsOfRequests, AreReadableForAsLongAsTheirRuleSays) {
  open();
  keep("alice", 2);
  keep("alice", 2);
  keep("bob", 5);
  trail->record(entry("request"));
  const std::string kept = R"({"asked":"canary"})";
  EXPECT_EQ(contents(), (std::vector<std::string>{kept, kept, kept, "none"}));
  for (const auto& [name, text] : files()) EXPECT_EQ(text.find("canary"), text.npos) << name;
  now_ms += 2 * day_ms;
  trail->retire();
  EXPECT_EQ(contents()[0], kept) << "its last day is not over";
  now_ms += day_ms;
  trail->retire();
  EXPECT_EQ(contents(), (std::vector<std::string>{"gone", "gone", kept, "none"}));
  open();
  EXPECT_EQ(contents(), (std::vector<std::string>{"gone", "gone", kept, "none"}));
  EXPECT_FALSE(check().bad);
  EXPECT_EQ(records({.from = {}, .until = {}, .person = {}, .action = "retention.sweep"}).size(), 1u);
}
TEST_F(ContentsOfRequests, GoWithTheirPersonAndStayUnderALegalHold) {
  open();
  keep("alice", 1);
  keep("bob", 1);
  trail->flush();
  trail->persons().hold("bob", 1);
  trail->persons().erase("alice", 1);
  now_ms += 9 * day_ms;
  trail->retire();
  EXPECT_EQ(contents(), (std::vector<std::string>{"gone", R"({"asked":"canary"})"}));
  trail->persons().release("bob");
  now_ms += day_ms;
  trail->retire();
  EXPECT_EQ(contents(), (std::vector<std::string>{"gone", "gone"}));
  EXPECT_FALSE(check().bad);
}
TEST_F(ContentsOfRequests, DoNotFillTheMemoryWhileTheDiskTakesNothing) {
  open();
  trail->record_now(entry("request"));
  faults.full = true;
  for (int i = 0; i < 70; ++i) {
    auto made = entry("request");
    made.content = {std::string(1 << 20, ' ') + "1", 1};
    trail->record(std::move(made));
  }
  while (trail->backlog().trouble.empty()) std::this_thread::yield();
  faults.full = false;
  trail->flush();
  const auto all = contents();
  EXPECT_EQ(all.size(), 71u);
  EXPECT_GE(std::count(all.begin(), all.end(), "none"), 6) << "beyond 64 MiB only the record is kept";
  EXPECT_GE(std::count(all.begin(), all.end(), "1"), 60);
}

TEST_F(TrailTest, PagesHoldEveryRecordOnce) {
  options.segment_bytes = 3000;
  open();
  for (int i = 0; i < 100; ++i) {
    trail->record(entry("request"));
    if (i % 7 == 0) trail->flush();
  }
  trail->flush();
  Cursor cursor;
  std::vector<std::uint64_t> numbers;
  for (bool is_last = false; !is_last;) {
    const auto page = read_page(options.folder, trail->persons(), {}, cursor, trail->ends().head.n, {1000});
    numbers.insert(numbers.end(), page.numbers.begin(), page.numbers.end());
    cursor = page.next;
    is_last = page.is_last;
  }
  ASSERT_EQ(numbers.size(), trail->ends().head.n);
  for (std::size_t i = 0; i < numbers.size(); ++i) EXPECT_EQ(numbers[i], i + 1);
}

}  // namespace
}  // namespace cofre::accounts::audit
