#include "accounts/audit/export.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "accounts/audit/record.h"
#include "accounts/audit/segment.h"
#include "base/error.h"
#include "os/clock.h"
#include "os/disk.h"

namespace cofre::accounts::audit {
namespace {

constexpr std::size_t scanned_bytes_max = 64 << 20;  // of one page

bool is_text(const json::Value* value, std::string_view text) {
  return value != nullptr && value->is_string() && value->get_string() == text;
}

bool is_number_of(const json::Object& record, const char* key, std::int64_t number) {
  const auto* value = record.if_contains(key);
  return value != nullptr && value->is_int64() && value->get_int64() == number;
}

std::string text_or_empty(const json::Object& request, std::string_view key) {
  return request.contains(key) ? std::string(json::string_at(request, key)) : std::string();
}

std::string time_bound(const json::Object& request, std::string_view key) {
  const auto text = text_or_empty(request, key);
  if (text.empty()) return text;
  const auto ms = os::parse_utc(text);
  if (!ms) fail_field(Code::invalid, std::string(key), "{}: \"{}\" is no time like 2026-11-25T03:10", key, text);
  return os::utc_text(*ms);
}

/// A page that fills.
class Filling {
 public:
  Filling(const Filter& filter, PageSize most) : filter_(filter), most_(most) {}
  /// Looks at one more line; whether there is no room for another.
  bool is_full_with(std::string_view line) {
    const auto parts = read_line(line);
    if (parts) page.last = parts->n;
    scanned_ += line.size() + 1;
    if (filter_.wants(line)) {
      page.lines.emplace_back(line);
      page.numbers.push_back(parts->n);
      bytes_ += line.size();
    }
    return bytes_ >= most_.bytes || page.lines.size() >= most_.records || scanned_ >= scanned_bytes_max;
  }
  Page page;

 private:
  const Filter& filter_;
  PageSize most_;
  std::size_t bytes_ = 0, scanned_ = 0;
};

bool is_behind(std::string_view line, std::uint64_t up_to) {
  const auto parts = read_line(line);
  return parts && parts->n > up_to;
}

void open(Page& page, const Persons& persons, const Filter& filter) {
  for (auto& line : page.lines) line = json::dump(opened(line, persons, filter.contents));
}

}  // namespace

Filter filter_of(const json::Object& request, const Persons& persons) {
  Filter filter;
  filter.from = time_bound(request, "from");
  filter.until = time_bound(request, "until");
  filter.action = text_or_empty(request, "action");
  filter.outcome = text_or_empty(request, "outcome");
  filter.id = text_or_empty(request, "id");
  if (const auto text = text_or_empty(request, "contents"); text == "true") {
    filter.contents = Contents::open;
  } else if (!text.empty() && text != "false") {
    fail_field(Code::invalid, "contents", "contents: must be true or false");
  }
  if (const auto name = text_or_empty(request, "person"); !name.empty()) {
    filter.person = persons.find(name);
    if (!filter.person) fail_field(Code::not_found, "person", "person: the trail knows no person {}", name);
  }
  return filter;
}

bool Filter::wants(std::string_view line) const {
  const auto parts = read_line(line);
  if (!parts || parts->n <= after) return false;
  if (!from.empty() && parts->time < from) return false;
  if (!until.empty() && parts->time >= until) return false;
  if (!parts->action.starts_with(action)) return false;
  if (!person && outcome.empty() && id.empty()) return true;
  const auto value = json::parse(line);
  const auto& record = value.as_object();
  if (!outcome.empty() && !is_text(record.if_contains("outcome"), outcome)) return false;
  if (!id.empty()) {
    const auto* facts = record.if_contains("facts");
    if (facts == nullptr || !facts->is_object() || !is_text(facts->get_object().if_contains("id"), id)) return false;
  }
  return !person || is_number_of(record, "person", *person) || is_number_of(record, "about", *person);
}

Page read_sealed_page(const std::filesystem::path& folder, const Filter& filter, const Cursor& cursor,
                      std::uint64_t up_to, PageSize most) {
  Filling filling(filter, most);
  filling.page.next = cursor;
  auto segments = segments_in(folder);
  std::erase_if(segments, [&](const Segment& segment) { return segment.first < cursor.segment; });
  for (const auto& segment : segments) {
    if (segment.first > up_to) break;
    const auto text = os::read_whole(segment.path, segment_bytes_most);
    const auto begin = segment.first == cursor.segment ? cursor.byte : 0;
    Lines lines(text, begin);
    while (const auto line = lines.next()) {
      if (is_behind(*line, up_to)) break;
      filling.page.next = {segment.first, lines.at()};
      if (filling.is_full_with(*line)) return filling.page;
    }
  }
  filling.page.is_last = true;
  return filling.page;
}

Page read_page(const std::filesystem::path& folder, const Persons& persons, const Filter& filter, const Cursor& cursor,
               std::uint64_t up_to, PageSize most) {
  auto page = read_sealed_page(folder, filter, cursor, up_to, most);
  open(page, persons, filter);
  return page;
}

Page read_newest(const std::filesystem::path& folder, const Persons& persons, const Filter& filter, std::uint64_t up_to,
                 PageSize most) {
  Filling filling(filter, most);
  bool is_full = false;
  auto segments = segments_in(folder);
  for (auto segment = segments.rbegin(); segment != segments.rend() && !is_full; ++segment) {
    if (segment->first > up_to) continue;
    const auto text = os::read_whole(segment->path, segment_bytes_most);
    std::vector<std::string_view> lines;
    for (Lines all(text); const auto line = all.next();) lines.push_back(*line);
    for (auto line = lines.rbegin(); line != lines.rend() && !is_full; ++line) {
      if (!is_behind(*line, up_to)) is_full = filling.is_full_with(*line);
    }
  }
  filling.page.is_last = !is_full;
  open(filling.page, persons, filter);
  return filling.page;
}

Cursor cursor_behind(const std::filesystem::path& folder, std::uint64_t after) {
  Cursor cursor;
  for (const auto& segment : segments_in(folder)) {
    if (segment.first <= after + 1) cursor.segment = segment.first;
  }
  return cursor;
}

}  // namespace cofre::accounts::audit
