#include <string>

#include "base/error.h"
#include "text/utf8.h"
#include "tokenizer/encoder.h"
#include "tokenizer/merge.h"
#include "tokenizer/merge_table.h"
#include "tokenizer/pretokenize.h"

namespace cofre::tokenizer {
namespace {

/// Characters merged by rank, spaces as U+2581, what is unknown in bytes; no merge reaches over a line end.
class RawBpe : public Encoder {
 public:
  RawBpe(const Vocabulary& vocabulary, const gguf::File& file)
      : vocabulary_(vocabulary), lines_("gemma4"), merges_(file, vocabulary) {}

  void encode(std::string_view text, bool, std::vector<TokenId>& out) const override {
    const std::string escaped = escape_spaces(text);
    lines_.split(escaped, [&](std::string_view part) {
      const TokenId whole = part[0] == '\n' ? vocabulary_.find(part) : -1;
      if (whole >= 0) {
        out.push_back(whole);
      } else {
        merge(part, out);
      }
    });
  }

 private:
  void merge(std::string_view part, std::vector<TokenId>& out) const {
    std::vector<Symbol> symbols;
    for (std::size_t at = 0; at < part.size();) {
      const auto bytes = text::decode_utf8(part, at).bytes;
      CHECK(bytes > 0);
      const auto i = static_cast<std::int32_t>(symbols.size());
      symbols.push_back({static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(bytes), i - 1, i + 1,
                         vocabulary_.find(part.substr(at, bytes))});
      at += bytes;
    }
    symbols.back().next = -1;
    merge_symbols(symbols, [this](const Symbol& left, const Symbol& right) -> Join {
      const auto* merge = merges_.find(left.id, right.id);
      if (merge == nullptr) return {};
      return {true, static_cast<double>(merge->rank), merge->id};
    });
    for (const auto& symbol : symbols) {
      if (symbol.bytes == 0) continue;
      if (symbol.id >= 0) {
        out.push_back(symbol.id);
      } else {
        append_byte_tokens(vocabulary_, part.substr(symbol.begin, symbol.bytes), out);
      }
    }
  }

  const Vocabulary& vocabulary_;
  PreTokenizer lines_;
  MergeTable merges_;
};

}  // namespace

std::unique_ptr<Encoder> make_raw_bpe(const gguf::File& file, const Vocabulary& vocabulary) {
  return std::make_unique<RawBpe>(vocabulary, file);
}

}  // namespace cofre::tokenizer
