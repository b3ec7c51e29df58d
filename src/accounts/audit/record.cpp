#include "accounts/audit/record.h"

#include <fmt/format.h>

#include "os/clock.h"
#include "text/utf8.h"

namespace cofre::accounts::audit {
namespace {

constexpr std::size_t name_bytes_max = 256;
constexpr std::size_t facts_bytes_max = 16 << 10;

/// As a record holds it: valid and of bounded length.
std::string bounded(std::string_view text) {
  auto valid = text::replace_invalid_utf8(text.substr(0, name_bytes_max));
  valid.resize(text::whole_utf8_prefix(valid));
  return valid;
}

std::string context_of(std::uint64_t n, std::string_view part) { return fmt::format("record {} {}", n, part); }

std::string facts_text(const json::Object& facts) {
  auto text = json::dump(facts);
  return text.size() <= facts_bytes_max ? text : fmt::format(R"({{"too_long":{}}})", text.size());
}

/// Puts what was sealed of one person in the place of the two members.
void open_part(json::Object& record, std::uint64_t n, const Persons& persons, const char* number_key,
               const char* sealed_key, std::string_view part) {
  const auto* number = record.if_contains(number_key);
  const auto* sealed = record.if_contains(sealed_key);
  if (number == nullptr || sealed == nullptr || !number->is_int64() || !sealed->is_string()) return;
  const std::string text(sealed->get_string());
  const auto plain = persons.unseal(number->get_int64(), text, context_of(n, part));
  record.erase(sealed_key);
  if (!plain) {
    record["erased"] = true;
    return;
  }
  const auto members = json::parse(*plain);
  for (const auto& [key, value] : members.as_object()) record[key] = value;
}

void open_content(json::Object& record, std::uint64_t n, const Persons& persons, Contents contents) {
  const auto* key = record.if_contains("content");
  const auto* sealed = record.if_contains("content_sealed");
  if (key == nullptr || sealed == nullptr || !key->is_int64() || !sealed->is_string()) return;
  const std::string text(sealed->get_string());
  const auto number = key->get_int64();
  record.erase("content_sealed");
  record["content"] = true;
  if (contents == Contents::closed) return;
  const auto plain = persons.unseal_content(number, text, context_of(n, "content"));
  record["content"] = plain ? json::parse(*plain) : json::Value();
}

}  // namespace

std::string record_body(const Entry& entry, std::int64_t ms, std::uint64_t n,
                        const std::map<std::string, std::int64_t>& numbers, Persons& persons) {
  auto body = fmt::format(R"("t":"{}","do":{},"outcome":{})", os::utc_text(ms), json::quote(entry.action),
                          json::quote(entry.outcome));
  if (!entry.who.empty() || !entry.from.empty()) {
    const auto number = entry.who.empty() ? Persons::nobody : numbers.at(entry.who);
    json::Object plain;
    if (!entry.who.empty()) plain["who"] = bounded(entry.who);
    if (!entry.from.empty()) plain["from"] = bounded(entry.from);
    body += fmt::format(R"(,"person":{},"sealed":"{}")", number,
                        persons.seal(number, json::dump(plain), context_of(n, "who")));
  }
  if (!entry.subject.empty()) {
    const auto number = numbers.at(entry.subject);
    body += fmt::format(
        R"(,"about":{},"about_sealed":"{}")", number,
        persons.seal(number, json::dump(json::Object{{"subject", bounded(entry.subject)}}), context_of(n, "about")));
  }
  if (!entry.facts.empty()) body += fmt::format(R"(,"facts":{})", facts_text(entry.facts));
  if (!entry.content.text.empty() && !entry.who.empty()) {
    const auto sealed = persons.seal_content(numbers.at(entry.who), ms / day_ms + entry.content.days,
                                             entry.content.text, context_of(n, "content"));
    if (sealed) body += fmt::format(R"(,"content":{},"content_sealed":"{}")", sealed->key, sealed->text);
  }
  return body;
}

std::string segment_body(std::int64_t ms, std::string_view box, std::string_view previous_hash) {
  return fmt::format(R"("t":"{}","do":"segment","outcome":"ok","box":"{}","prev":"{}")", os::utc_text(ms), box,
                     previous_hash);
}

json::Object opened(std::string_view line, const Persons& persons, Contents contents) {
  const auto value = json::parse(line);
  if (!value.is_object()) fail(Code::invalid, "a line of the trail is no record");
  auto record = value.get_object();
  const auto n = json::unsigned_at(record, "n", UINT64_MAX - 1);
  open_part(record, n, persons, "person", "sealed", "who");
  open_part(record, n, persons, "about", "about_sealed", "about");
  open_content(record, n, persons, contents);
  return record;
}

std::string_view name_of(Code code) {
  switch (code) {
    case Code::invalid: return "invalid";
    case Code::not_found: return "not_found";
    case Code::unsupported: return "unsupported";
    case Code::exhausted: return "exhausted";
    case Code::unavailable: return "unavailable";
    case Code::cancelled: return "cancelled";
    case Code::internal: return "internal";
  }
  return "internal";
}

}  // namespace cofre::accounts::audit
