#include <algorithm>
#include <bit>
#include <iterator>
#include <string>

#include "base/error.h"
#include "gguf/gguf.h"
#include "text/utf8.h"
#include "tokenizer/encoder.h"
#include "tokenizer/merge.h"
#include "tokenizer/pretokenize.h"

namespace cofre::tokenizer {
namespace {

/// (left id, right id) → rank and the token they become. Open addressing; the key 0 means empty, so ids count from 1.
class MergeTable {
 public:
  struct Merge {
    std::uint64_t pair = 0;
    std::uint32_t rank = 0;
    TokenId id = -1;
  };
  explicit MergeTable(std::size_t count) : slots_(std::bit_ceil(2 * count + 16)) {}

  void add(TokenId left, TokenId right, std::uint32_t rank, TokenId id) {
    const auto pair = key(left, right);
    std::size_t slot = first(pair);
    while (slots_[slot].pair != 0) {
      if (slots_[slot].pair == pair) return;  // an earlier merge of the same pair wins
      slot = (slot + 1) & (slots_.size() - 1);
    }
    slots_[slot] = {pair, rank, id};
  }
  const Merge* find(TokenId left, TokenId right) const {
    const auto pair = key(left, right);
    for (std::size_t slot = first(pair); slots_[slot].pair != 0; slot = (slot + 1) & (slots_.size() - 1))
      if (slots_[slot].pair == pair) return &slots_[slot];
    return nullptr;
  }

 private:
  static std::uint64_t key(TokenId left, TokenId right) {
    return static_cast<std::uint64_t>(left + 1) << 32 | static_cast<std::uint64_t>(right + 1);
  }
  std::size_t first(std::uint64_t pair) const { return (pair * 0x9e3779b97f4a7c15ull >> 20) & (slots_.size() - 1); }
  std::vector<Merge> slots_;
};

class Bpe : public Encoder {
 public:
  Bpe(const Vocabulary& vocabulary, std::string_view pre, const std::vector<std::string_view>& merges)
      : vocabulary_(vocabulary), pre_(pre), merges_(merges.size()) {
    // Some vocabularies lack control characters (SmolLM2): those are left out of a text, as their makers' tokenizers
    // do.
    for (int b = ' '; b <= '~'; ++b)
      if (vocabulary.byte_token(static_cast<std::uint8_t>(b)) < 0)
        fail_field(Code::invalid, "tokenizer.ggml.tokens", "the vocabulary has no token for byte {}", b);
    std::string joined;
    for (std::size_t rank = 0; rank < merges.size(); ++rank) {
      const auto gap = merges[rank].find(' ', 1);
      if (gap == std::string_view::npos)
        fail_field(Code::invalid, "tokenizer.ggml.merges", "merge {} is not a pair: \"{}\"", rank, merges[rank]);
      const auto left = merges[rank].substr(0, gap), right = merges[rank].substr(gap + 1);
      joined.assign(left).append(right);
      const TokenId a = vocabulary.find(left), b = vocabulary.find(right), both = vocabulary.find(joined);
      if (a < 0 || b < 0 || both < 0)
        fail_field(Code::invalid, "tokenizer.ggml.merges",
                   "merge {} (\"{}\") names a piece that is not in the vocabulary", rank, merges[rank]);
      merges_.add(a, b, static_cast<std::uint32_t>(rank), both);
    }
  }

  void encode(std::string_view text, bool, std::vector<TokenId>& out) const override {
    std::vector<Symbol> symbols;
    std::string printable;
    pre_.split(text, [&](std::string_view word) {
      if (pre_.whole_words_first()) {
        printable.clear();
        for (char c : word) text::append_utf8(byte_to_printable(static_cast<std::uint8_t>(c)), printable);
        if (const TokenId id = vocabulary_.find(printable); id >= 0) {
          out.push_back(id);
          return;
        }
      }
      merge_word(word, symbols, out);
    });
  }

 private:
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
};

}  // namespace

std::unique_ptr<Encoder> make_bpe(const gguf::File& file, const Vocabulary& vocabulary) {
  const auto* merges = file.array("tokenizer.ggml.merges");
  if (merges == nullptr) fail_field(Code::invalid, "tokenizer.ggml.merges", "the file has no tokenizer.ggml.merges");
  if (merges->size() != merges->strings.size())
    fail_field(Code::invalid, "tokenizer.ggml.merges", "tokenizer.ggml.merges must be a list of strings");
  const auto pre = file.string("tokenizer.ggml.pre");
  if (!pre)
    fail_field(Code::unsupported, "tokenizer.ggml.pre",
               "the file does not name its pre-tokenizer (tokenizer.ggml.pre)");
  return std::make_unique<Bpe>(vocabulary, *pre, merges->strings);
}

}  // namespace cofre::tokenizer
