#include "accounts/audit/verify.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "os/disk.h"

namespace cofre::accounts::audit {
namespace {

/// Of a "checkpoint" or "trail.retired" record.
std::optional<Checkpoint> checkpoint_in(std::string_view line) {
  try {
    const auto record = json::parse(line);
    return checkpoint_from_json(json::at(record.as_object(), "facts").as_object());
  } catch (const std::exception&) {
    return std::nullopt;  // none, whatever it is
  }
}

/// What became of record `n`, where the line at its place is another. A guess: `n` itself is certain.
std::string what_became_of(std::uint64_t n, std::string_view line, Lines rest) {
  const auto here = read_line(line);
  if (!here || here->n == n) return "changed";
  if (here->n < n) return "replaced by an older record";
  std::optional<std::uint64_t> next;
  while (const auto later = rest.next()) {
    const auto parts = read_line(*later);
    if (!parts) continue;
    if (parts->n == n) return "reordered";
    if (!next) next = parts->n;
  }
  return next == n + 1 ? "changed" : "removed";
}

class Check {
 public:
  Check(const std::filesystem::path& folder, const Expected& expected, std::stop_token stop)
      : folder_(folder), expected_(expected), stop_(std::move(stop)) {
    verdict_.public_key = expected.public_key;
    base_ = expected.base;
  }

  Verdict run() {
    const auto segments = segments_in(folder_);
    for (std::size_t i = 0; i < segments.size() && !verdict_.bad; ++i) segment(segments[i], i + 1 == segments.size());
    if (!verdict_.bad) end(segments);
    return std::move(verdict_);
  }

 private:
  void bad(std::uint64_t n, std::string what) {
    if (!verdict_.bad) verdict_.bad = {n, segment_, std::move(what)};
  }

  void segment(const Segment& segment, bool is_last) {
    if (stop_.stop_requested()) fail(Code::cancelled, "the verification was ended before its end");
    segment_ = segment.path.filename().string();
    const auto bytes = os::read_whole(segment.path, segment_bytes_most);
    Lines lines(bytes);
    bool is_first_line = true;
    while (const auto line = lines.next()) {
      if (!std::exchange(started_, true)) begin(segment, *line);
      if (verdict_.bad) return;
      const auto parts = read_line(*line);
      const auto n = verdict_.last.n + 1;
      before_ = verdict_.last.hash;
      if (!parts || !follows(verdict_.last, *parts)) return bad(n, what_became_of(n, *line, lines));
      if (is_first_line && (parts->n != segment.first || parts->action != "segment")) return bad(n, "in another file");
      is_first_line = false;
      record(*parts, *line);
      if (verdict_.bad) return;
    }
    ++verdict_.segments;
    const auto left = bytes.size() - lines.at();
    // Behind the head is what nobody was told to be on the disk.
    const bool may_be_torn = is_last && verdict_.last.n >= (expected_.head ? expected_.head->n : 0);
    if (left > 0 && !may_be_torn) return bad(verdict_.last.n + 1, "cut short");
    verdict_.torn_bytes = left;
  }

  /// The first record that is there.
  void begin(const Segment& segment, std::string_view line) {
    const auto previous = previous_hash(line);
    const auto earliest = base_ ? base_->n + 1 : 1;
    if (segment.first == 0 || !previous) return bad(std::max(segment.first, earliest), "changed");
    verdict_.last = {segment.first - 1, *previous};
    verdict_.first = {segment.first, {}};
    if (base_ && segment.first > earliest) return bad(earliest, "removed");
    compare(verdict_.last);
  }

  /// What is known of this place from elsewhere.
  void compare(const Link& link) {
    if (expected_.head && expected_.head->n == link.n && expected_.head->hash != link.hash) {
      bad(link.n, "another than the one in the database");
    }
    if (base_ && base_->n == link.n && base_->hash != link.hash) bad(link.n + 1, "another chain than before retention");
    for (const auto& known : expected_.checkpoints) {
      if (known.link.n == link.n && known.link.hash != link.hash) bad(link.n, "another than the checkpoint says");
    }
  }

  void record(const Line& parts, std::string_view line) {
    ++verdict_.records;
    if (verdict_.records == 1) verdict_.first.hash = parts.hash;
    compare(verdict_.last);
    const bool retires = parts.action == "trail.retired";
    if (!retires && parts.action != "checkpoint") return;
    const auto found = checkpoint_in(line);
    if (!found || !found->is_signed()) return bad(parts.n, "not signed");
    if (verdict_.public_key.empty()) verdict_.public_key = found->public_key;
    if (found->public_key != verdict_.public_key) return bad(parts.n, "signed by another key");
    if (retires) {
      retired_ = found->link;
    } else if (found->link.n + 1 != parts.n || found->link.hash != before_) {
      return bad(parts.n, "signed for another place");
    }
    ++verdict_.checkpoints;
  }

  void end(const std::vector<Segment>& segments) {
    if (segments.empty()) segment_ = segment_path(folder_, 1).filename().string();
    if (!started_) verdict_.last = base_.value_or(Link{});
    const auto& last = verdict_.last;
    if (expected_.head && expected_.head->n > last.n) return bad(last.n + 1, "removed");
    // Without the database, what retention removed stands in the trail itself.
    if (!base_ && started_ && verdict_.first.n > 1 && (!retired_ || retired_->n + 1 < verdict_.first.n)) {
      return bad(retired_ ? retired_->n + 1 : 1, "removed");
    }
    for (const auto& known : expected_.checkpoints) {
      if (known.link.n > last.n) return bad(last.n + 1, "removed: a checkpoint speaks of later records");
    }
  }

  const std::filesystem::path& folder_;
  const Expected& expected_;
  const std::stop_token stop_;
  Verdict verdict_;
  std::optional<Link> base_, retired_;
  std::string segment_, before_;
  bool started_ = false;
};

}  // namespace

Verdict verify(const std::filesystem::path& folder, const Expected& expected, std::stop_token stop) {
  for (const auto& checkpoint : expected.checkpoints) {
    if (!checkpoint.is_signed()) fail_field(Code::invalid, "checkpoint", "checkpoint: its signature is not true");
    if (!expected.public_key.empty() && checkpoint.public_key != expected.public_key) {
      fail_field(Code::invalid, "checkpoint", "checkpoint: signed by another box");
    }
  }
  return Check(folder, expected, std::move(stop)).run();
}

Expected expected_of(Trail& trail) {
  trail.flush();
  auto ends = trail.ends();
  return {.head = ends.head, .base = ends.base, .checkpoints = {}, .public_key = std::move(ends.public_key)};
}

json::Object to_json(const Verdict& verdict) {
  json::Object object{{"ok", !verdict.bad},           {"records", verdict.records},
                      {"segments", verdict.segments}, {"checkpoints", verdict.checkpoints},
                      {"first", verdict.first.n},     {"last", verdict.last.n},
                      {"hash", verdict.last.hash},    {"key", verdict.public_key}};
  if (verdict.bad) {
    object["first_bad"] =
        json::Object{{"record", verdict.bad->n}, {"file", verdict.bad->segment}, {"what", verdict.bad->what}};
  }
  return object;
}

}  // namespace cofre::accounts::audit
