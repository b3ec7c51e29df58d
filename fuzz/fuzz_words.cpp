// Any bytes have words that stand where they say, and that the database's tokenizer and query language take as one word
// each; the piece around a hit is UTF-8 where the text is.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "records/chat_title.h"
#include "records/chat_words.h"
#include "text/utf8.h"
#include "text/words.h"

namespace {

bool is_word_of_search(std::string_view word) {
  for (const char c : word) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80 && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9')) return false;
  }
  return !word.empty() && word.size() <= 128;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cofre;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::size_t before = 0;
  for (const auto& word : text::words(text)) {
    CHECK(is_word_of_search(word.plain));
    CHECK(word.begin >= before && word.begin < word.end && word.end <= size);
    CHECK(!text::find_invalid_utf8(word.plain));
    before = word.begin;
  }
  const auto query = text.substr(0, size / 4), rest = text.substr(size / 4);
  records::indexed(7, rest);
  records::match_of(7, query);
  const auto piece = records::excerpt(rest, query);
  CHECK(piece.size() < 400);
  CHECK(text::find_invalid_utf8(rest) || !text::find_invalid_utf8(piece));
  const auto title = records::title_of(rest);
  CHECK(title.size() < records::title_cut_bytes + 4);
  CHECK(text::find_invalid_utf8(rest) || !text::find_invalid_utf8(title));
  return 0;
}
