#include "records/chat_words.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "text/utf8.h"
#include "text/words.h"

namespace cofre::records {
namespace {

constexpr std::size_t indexed_bytes_max = 1 << 20;
constexpr std::size_t query_words_max = 64;
constexpr std::size_t excerpt_before = 60, excerpt_after = 120;  // bytes

std::string_view first_bytes(std::string_view text, std::size_t most) {
  return text.size() <= most ? text : text.substr(0, text::whole_utf8_prefix(text.substr(0, most)));
}

std::string term(std::int64_t owner, const text::Word& word) { return fmt::format("{}u{}", owner, word.plain); }

/// The words of each part between spaces. The last character of a run is in the pair before it.
std::vector<std::vector<text::Word>> parts_of(std::string_view query) {
  std::vector<std::vector<text::Word>> parts;
  std::size_t words = 0, end = 0;
  for (auto& word : text::words(query)) {
    const auto between = query.substr(end, word.begin > end ? word.begin - end : 0);
    const bool begins = parts.empty() || between.find_first_of(" \t\n\r") != between.npos ||
                        between.find("\u3000") != between.npos;  // the wide space of Chinese keyboards
    end = word.end;
    if (begins) parts.emplace_back();
    parts.back().push_back(std::move(word));
    if (++words == query_words_max) break;
  }
  for (auto& part : parts)
    if (part.back().is_tail) part.pop_back();
  return parts;
}

/// Whether a part stands at this place of a text's words.
bool stands_at(const std::vector<text::Word>& words, std::size_t at, const std::vector<text::Word>& part) {
  if (words.size() - at < part.size()) return false;
  for (std::size_t i = 0; i + 1 < part.size(); ++i)
    if (words[at + i].plain != part[i].plain) return false;
  return words[at + part.size() - 1].plain.starts_with(part.back().plain);
}

}  // namespace

std::string indexed(std::int64_t owner, std::string_view text) {
  std::string out;
  for (const auto& word : text::words(first_bytes(text, indexed_bytes_max))) out += term(owner, word) + " ";
  return out;
}

std::string match_of(std::int64_t owner, std::string_view query) {
  std::string out;
  for (const auto& part : parts_of(query)) {
    std::string phrase;
    for (const auto& word : part) phrase += (phrase.empty() ? "" : " ") + term(owner, word);
    out += fmt::format("{}\"{}\" *", out.empty() ? "" : " ", phrase);
  }
  return out;
}

std::string excerpt(std::string_view text, std::string_view query) {
  const auto parts = parts_of(query);
  const auto words = text::words(first_bytes(text, indexed_bytes_max));
  std::size_t at = 0;
  for (std::size_t i = 0; !parts.empty() && i < words.size(); ++i) {
    if (!stands_at(words, i, parts.front())) continue;
    at = words[i].begin;
    break;
  }
  auto begin = at > excerpt_before ? at - excerpt_before : 0;
  while (begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xc0U) == 0x80) --begin;
  const auto piece = first_bytes(text.substr(begin), at - begin + excerpt_after);
  std::string out = begin > 0 ? "…" : "";
  for (const char c : piece) out += c == '\n' || c == '\r' || c == '\t' ? ' ' : c;
  if (begin + piece.size() < text.size()) out += "…";
  return out;
}

}  // namespace cofre::records
