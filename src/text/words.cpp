#include "text/words.h"

#include <unicode/uscript.h>

#include <algorithm>
#include <utility>

#include "text/unicode.h"
#include "text/utf8.h"

namespace cofre::text {
namespace {

constexpr std::size_t word_bytes_max = 64;

bool is_written_without_spaces(char32_t code) {
  if (code < 0xe00) return false;  // before Thai
  UErrorCode status = U_ZERO_ERROR;
  switch (uscript_getScript(static_cast<UChar32>(code), &status)) {
    case USCRIPT_HAN:
    case USCRIPT_HIRAGANA:
    case USCRIPT_KATAKANA:
    case USCRIPT_BOPOMOFO:
    case USCRIPT_THAI:
    case USCRIPT_LAO:
    case USCRIPT_KHMER:
    case USCRIPT_MYANMAR: return true;
    default: return false;
  }
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// Without case, width and accents.
std::string plain_text(std::string_view text) {
  if (is_ascii(text)) {
    std::string lower(text.substr(0, word_bytes_max));
    for (char& c : lower) c = static_cast<char>(plain(static_cast<unsigned char>(c)));
    return lower;
  }
  const auto decomposed = decompose(text);
  std::string out;
  for (std::size_t at = 0; at < decomposed.size();) {
    const auto one = decode_utf8(decomposed, at);
    at += one.bytes;
    const auto code = plain(one.code);
    if (code == 0 || is_nonspacing_mark(one.code)) continue;
    const auto before = out.size();
    append_utf8(code, out);
    if (out.size() <= word_bytes_max) continue;
    out.resize(before);
    break;
  }
  return out;
}

/// Goes over a text once.
class Splitter {
 public:
  explicit Splitter(std::string_view text) : text_(text) {}

  std::vector<Word> run() {
    std::size_t at = 0;
    while (at < text_.size()) {
      const auto one = decode_utf8(text_, at);
      if (one.bytes == 0) break;  // not UTF-8: words end here
      const auto kind = properties(one.code);
      if (is_nonspacing_mark(one.code)) {
        // belongs to what stands before it
      } else if ((kind & (letter | number | mark)) == 0) {
        end_word(at);
        end_run();
      } else if (is_written_without_spaces(one.code)) {
        end_word(at);
        add_to_run(at, at + one.bytes);
      } else {
        end_run();
        if (word_ == none) word_ = at;
      }
      at += one.bytes;
    }
    end_word(at);
    end_run();
    return std::move(words_);
  }

 private:
  static constexpr std::size_t none = std::string_view::npos;

  void end_word(std::size_t end) {
    if (word_ == none) return;
    add(plain_text(text_.substr(word_, end - word_)), word_, end, false);
    word_ = none;
  }

  void add_to_run(std::size_t begin, std::size_t end) {
    auto character = plain_text(text_.substr(begin, end - begin));
    if (run_begin_ != none) add(run_ + character, run_begin_, end, false), is_pair_ = true;
    run_ = std::move(character);
    run_begin_ = begin;
    run_end_ = end;
  }

  void end_run() {
    if (run_begin_ == none) return;
    add(std::move(run_), run_begin_, run_end_, is_pair_);
    run_begin_ = none;
    is_pair_ = false;
  }

  void add(std::string plain, std::size_t begin, std::size_t end, bool is_tail) {
    if (!plain.empty()) words_.push_back({std::move(plain), begin, end, is_tail});
  }

  std::string_view text_;
  std::vector<Word> words_;
  std::size_t word_ = none, run_begin_ = none, run_end_ = 0;
  std::string run_;  ///< the last character of the run
  bool is_pair_ = false;
};

}  // namespace

std::vector<Word> words(std::string_view text) { return Splitter(text).run(); }

}  // namespace cofre::text
