#include <algorithm>
#include <iterator>
#include <string>

#include "base/error.h"
#include "gguf/gguf.h"
#include "text/unicode.h"
#include "text/utf8.h"
#include "tokenizer/encoder.h"
#include "tokenizer/merge.h"
#include "tokenizer/merge_table.h"
#include "tokenizer/pretokenize.h"

namespace cofre::tokenizer {
namespace {

class Bpe : public Encoder {
 public:
  Bpe(const Vocabulary& vocabulary, std::string_view pre, const gguf::File& file)
      : vocabulary_(vocabulary), pre_(pre), merges_(file, vocabulary) {
    compose_ = file.boolean("tokenizer.ggml.normalizer.nfc").value_or(false);
    digits_apart_ = file.boolean("tokenizer.ggml.pre.byte_digits").value_or(false);
    // Some vocabularies lack control characters (SmolLM2): those are left out of a text, as their makers' tokenizers
    // do.
    for (int b = ' '; b <= '~'; ++b)
      if (vocabulary.byte_token(static_cast<std::uint8_t>(b)) < 0)
        fail_field(Code::invalid, "tokenizer.ggml.tokens", "the vocabulary has no token for byte {}", b);
  }

  void encode(std::string_view text, bool, std::vector<TokenId>& out) const override {
    std::vector<Symbol> symbols;
    std::string printable, composed;
    if (compose_) text = composed = text::compose(text);
    const auto merge = [&](std::string_view word) {
      if (pre_.whole_words_first()) {
        printable.clear();
        for (char c : word) text::append_utf8(byte_to_printable(static_cast<std::uint8_t>(c)), printable);
        if (const TokenId id = vocabulary_.find(printable); id >= 0) {
          out.push_back(id);
          return;
        }
      }
      merge_word(word, symbols, out);
    };
    pre_.split(text, [&](std::string_view word) { digits_apart_ ? part_digits(word, merge) : merge(word); });
  }

 private:
  /// Digits and the rest of a word apart, of bytes as they are printed: U+00B2 is a digit there, and so are all bytes
  /// B2 (huggingface's Digits behind ByteLevel).
  template <class Merge>
  static void part_digits(std::string_view word, const Merge& merge) {
    const auto is_digit = [&](std::size_t at) {
      return (text::properties(byte_to_printable(static_cast<std::uint8_t>(word[at]))) & text::number) != 0;
    };
    for (std::size_t begin = 0, end = 1; begin < word.size(); begin = end++) {
      while (end < word.size() && is_digit(end) == is_digit(begin)) ++end;
      merge(word.substr(begin, end - begin));
    }
  }

  void merge_word(std::string_view word, std::vector<Symbol>& symbols, std::vector<TokenId>& out) const {
    constexpr std::size_t short_word = 24;
    if (word.size() <= short_word) return merge_short(word, out);
    symbols.clear();
    const auto count = static_cast<std::int32_t>(word.size());
    for (std::int32_t i = 0; i < count; ++i)
      symbols.push_back({static_cast<std::uint32_t>(i), 1, i - 1, i + 1 < count ? i + 1 : -1,
                         vocabulary_.byte_token(static_cast<std::uint8_t>(word[static_cast<std::size_t>(i)]))});
    merge_symbols(symbols, [this](const Symbol& left, const Symbol& right) -> Join {
      const auto* merge = merges_.find(left.id, right.id);
      if (merge == nullptr) return {};
      return {true, static_cast<double>(merge->rank), merge->id};
    });
    for (const auto& symbol : symbols)
      if (symbol.bytes > 0 && symbol.id >= 0) out.push_back(symbol.id);
  }

  /// The same for few bytes: looking through all pairs is quicker than keeping a queue.
  void merge_short(std::string_view word, std::vector<TokenId>& out) const {
    TokenId ids[24];
    const MergeTable::Merge* pairs[24];
    std::size_t count = word.size();
    for (std::size_t i = 0; i < count; ++i) ids[i] = vocabulary_.byte_token(static_cast<std::uint8_t>(word[i]));
    for (std::size_t i = 0; i + 1 < count; ++i) pairs[i] = merges_.find(ids[i], ids[i + 1]);
    while (true) {
      std::size_t best = count;
      for (std::size_t i = 0; i + 1 < count; ++i)
        if (pairs[i] != nullptr && (best == count || pairs[i]->rank < pairs[best]->rank)) best = i;
      if (best == count) break;
      ids[best] = pairs[best]->id;
      --count;
      for (std::size_t i = best + 1; i < count; ++i) {
        ids[i] = ids[i + 1];
        pairs[i] = pairs[i + 1];
      }
      if (best > 0) pairs[best - 1] = merges_.find(ids[best - 1], ids[best]);
      pairs[best] = best + 1 < count ? merges_.find(ids[best], ids[best + 1]) : nullptr;
    }
    std::copy_if(ids, ids + count, std::back_inserter(out), [](TokenId id) { return id >= 0; });
  }

  const Vocabulary& vocabulary_;
  PreTokenizer pre_;
  MergeTable merges_;
  bool digits_apart_ = false;  ///< (Falcon); no key of llama.cpp's, which does without
  bool compose_ = false;       ///< a text is brought to NFC first (Qwen 2); no key of llama.cpp's, which does without
};

}  // namespace

std::unique_ptr<Encoder> make_bpe(const gguf::File& file, const Vocabulary& vocabulary) {
  const auto pre = file.string("tokenizer.ggml.pre");
  if (!pre)
    fail_field(Code::unsupported, "tokenizer.ggml.pre",
               "the file does not name its pre-tokenizer (tokenizer.ggml.pre)");
  return std::make_unique<Bpe>(vocabulary, *pre, file);
}

}  // namespace cofre::tokenizer
