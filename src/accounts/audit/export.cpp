#include "accounts/audit/export.h"

#include <algorithm>

#include "accounts/audit/record.h"
#include "accounts/audit/segment.h"
#include "os/disk.h"

namespace cofre::accounts::audit {
namespace {

constexpr std::size_t scanned_bytes_max = 64 << 20;  // of one page

bool is_number_of(const json::Object& record, const char* key, std::int64_t number) {
  const auto* value = record.if_contains(key);
  return value != nullptr && value->is_int64() && value->get_int64() == number;
}

}  // namespace

bool Filter::wants(std::string_view line) const {
  const auto parts = read_line(line);
  if (!parts) return false;
  if (!from.empty() && parts->time < from) return false;
  if (!until.empty() && parts->time >= until) return false;
  if (!parts->action.starts_with(action)) return false;
  if (!person) return true;
  const auto record = json::parse(line);
  return is_number_of(record.as_object(), "person", *person) || is_number_of(record.as_object(), "about", *person);
}

Page read_page(const std::filesystem::path& folder, const Persons& persons, const Filter& filter, const Cursor& cursor,
               std::uint64_t up_to, std::size_t bytes_max) {
  Page page;
  page.next = cursor;
  std::size_t bytes = 0, scanned = 0;
  auto segments = segments_in(folder);
  std::erase_if(segments, [&](const Segment& segment) { return segment.first < cursor.segment; });
  for (const auto& segment : segments) {
    if (segment.first > up_to) break;
    const auto text = os::read_whole(segment.path, segment_bytes_most);
    const auto begin = segment.first == cursor.segment ? cursor.byte : 0;
    Lines lines(text, begin);
    while (const auto line = lines.next()) {
      const auto parts = read_line(*line);
      if (parts && parts->n > up_to) break;
      page.next = {segment.first, lines.at()};
      scanned += line->size() + 1;
      if (filter.wants(*line)) {
        page.lines.push_back(json::dump(opened(*line, persons)));
        page.numbers.push_back(parts->n);
        bytes += page.lines.back().size();
      }
      if (bytes >= bytes_max || scanned >= scanned_bytes_max) return page;
    }
  }
  page.is_last = true;
  return page;
}

}  // namespace cofre::accounts::audit
