// Whatever is done to the files of a trail, the first record that is not as it was is named.

#include <random>

#include "accounts/audit/fixture.h"

namespace cofre::accounts::audit {
namespace {

using Files = std::map<std::string, std::string>;

struct Place {
  std::string file;
  std::size_t begin = 0, end = 0;  ///< of the record's line in its file, newline included
};

/// Where every record is; [0] is record 1.
std::vector<Place> places(const Files& files) {
  std::vector<Place> all;
  for (const auto& [name, text] : files) {
    Lines lines(text);
    std::size_t begin = 0;
    while (lines.next()) {
      all.push_back({name, begin, lines.at()});
      begin = lines.at();
    }
  }
  return all;
}

class Tampering : public TrailTest {
 protected:
  void SetUp() override {
    options.segment_bytes = 3000;
    options.checkpoint_records = 25;
    open();
    for (int i = 0; i < 200; ++i) {
      trail->record(entry(i % 3 == 0 ? "key.create" : "request"));
      if (i % 5 == 0) trail->flush();
    }
    trail->flush();
    whole = files();
    all = places(whole);
    ASSERT_EQ(all.size(), trail->ends().head.n);
    ASSERT_GT(whole.size(), 10u);
  }
  std::size_t below(std::size_t limit) { return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random); }

  /// Expects that record `n` is named.
  void expect(const Files& changed, std::uint64_t n, const std::string& how) {
    put(changed);
    const auto verdict = check();
    ASSERT_TRUE(verdict.bad) << how << " of record " << n;
    EXPECT_EQ(verdict.bad->n, n) << how << ": " << verdict.bad->what;
  }

  Files whole;
  std::vector<Place> all;
  std::mt19937_64 random{20261125};
};

TEST_F(Tampering, ATrailThatNobodyTouchedIsTrue) { EXPECT_FALSE(check().bad) << check().bad->what; }

TEST_F(Tampering, AFlippedBitIsFound) {
  for (int i = 0; i < 250; ++i) {
    const auto n = below(all.size()) + 1;
    const auto& place = all[n - 1];
    auto changed = whole;
    changed[place.file][place.begin + below(place.end - place.begin)] ^= static_cast<char>(1 << below(8));
    expect(changed, n, "a flip");
  }
}

TEST_F(Tampering, ADroppedRecordIsFound) {
  for (int i = 0; i < 250; ++i) {
    const auto n = below(all.size()) + 1;
    const auto& place = all[n - 1];
    auto changed = whole;
    changed[place.file].erase(place.begin, place.end - place.begin);
    expect(changed, n, "a drop");
  }
}

TEST_F(Tampering, TwoSwappedRecordsAreFound) {
  for (int i = 0; i < 200; ++i) {
    const auto first = below(all.size() - 1), second = first + 1 + below(all.size() - first - 1);
    const auto &a = all[first], &b = all[second];
    auto changed = whole;
    const auto text_a = whole[a.file].substr(a.begin, a.end - a.begin);
    const auto text_b = whole[b.file].substr(b.begin, b.end - b.begin);
    changed[b.file].replace(b.begin, text_b.size(), text_a);
    changed[a.file].replace(a.begin, text_a.size(), text_b);
    expect(changed, first + 1, "a swap");
  }
}

TEST_F(Tampering, ACutSegmentIsFound) {
  for (int i = 0; i < 150; ++i) {
    const auto n = below(all.size()) + 1;
    const auto& place = all[n - 1];
    auto changed = whole;
    changed[place.file].resize(place.begin + below(place.end - place.begin));
    expect(changed, n, "a cut");
  }
}

TEST_F(Tampering, AnOlderCopyOfASegmentIsFound) {
  for (int i = 0; i < 100; ++i) {
    const auto n = below(all.size()) + 1;
    const auto& place = all[n - 1];
    auto changed = whole;
    if (place.begin == 0 && i % 2 == 0) {
      changed.erase(place.file);  // from before it was begun
    } else {
      changed[place.file].resize(place.begin);
    }
    expect(changed, n, "an older copy");
  }
}

TEST_F(Tampering, ARemovedOrRenamedSegmentIsFound) {
  for (int i = 0; i < 50; ++i) {
    auto segment = whole.begin();
    std::advance(segment, below(whole.size()));
    const auto first = segments_in(options.folder).front().first;
    ASSERT_EQ(first, 1u);
    std::uint64_t n = std::stoull(segment->first);
    auto changed = whole;
    if (i % 2 == 0) {
      changed.erase(segment->first);
    } else {
      changed[fmt::format("{:012}.jsonl", n + 1)] = segment->second;
      changed.erase(segment->first);
    }
    put(changed);
    ASSERT_TRUE(check().bad);
    EXPECT_EQ(check().bad->n, n);
    put(whole);
  }
}

// Someone who can write the files, and computes every hash anew, cannot sign, and does not reach the database.
TEST_F(Tampering, AChainThatIsComputedAnewLacksSignaturesAndTheHeadOfTheDatabase) {
  Files forged;
  Link last;
  for (const auto& [name, text] : whole) {
    Lines lines(text);
    while (const auto line = lines.next()) {
      auto content = std::string(read_line(*line)->content);
      const auto at = content.find(R"("do":"key.create")");
      if (at != content.npos) content.replace(at, 17, R"("do":"key.chosen")");
      if (const auto prev = content.find(R"("prev":")"); prev != content.npos) content.replace(prev + 8, 64, last.hash);
      forged[name] += next_line(last, std::string_view(content).substr(content.find(',') + 1));
    }
  }
  put(forged);
  EXPECT_TRUE(check().bad);
  const auto alone =
      verify(options.folder, {.head = {}, .base = {}, .checkpoints = {}, .public_key = trail->ends().public_key});
  ASSERT_TRUE(alone.bad) << "the first checkpoint of the trail speaks of another chain";
  EXPECT_LE(alone.bad->n, 40u);
}

}  // namespace
}  // namespace cofre::accounts::audit
