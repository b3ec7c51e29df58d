#include <string>

#include "base/error.h"
#include "text/utf8.h"
#include "tokenizer/encoder.h"
#include "tokenizer/merge.h"

namespace cofre::tokenizer {
namespace {

class SentencePiece : public Encoder {
 public:
  explicit SentencePiece(const Vocabulary& vocabulary) : vocabulary_(vocabulary) {}

  void encode(std::string_view text, bool first, std::vector<TokenId>& out) const override {
    std::string escaped;
    if (first && vocabulary_.add_space_prefix) escaped += space_mark;
    escaped += escape_spaces(text);
    const std::string_view all = escaped;
    std::vector<Symbol> symbols;
    for (std::size_t at = 0; at < all.size();) {
      const auto bytes = text::decode_utf8(all, at).bytes;
      const auto i = static_cast<std::int32_t>(symbols.size());
      symbols.push_back({static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(bytes), i - 1, i + 1, -1});
      at += bytes;
    }
    if (symbols.empty()) return;
    symbols.back().next = -1;
    merge_symbols(symbols, [&](const Symbol& left, const Symbol& right) -> Join {
      const TokenId id = vocabulary_.find(all.substr(left.begin, left.bytes + right.bytes));
      if (id < 0) return {};
      return {true, -static_cast<double>(vocabulary_.score(id)), id};
    });
    for (const auto& symbol : symbols)
      if (symbol.bytes > 0) finish(all.substr(symbol.begin, symbol.bytes), symbol.id, out);
  }

 private:
  void finish(std::string_view piece, TokenId id, std::vector<TokenId>& out) const {
    if (id < 0) id = vocabulary_.find(piece);
    if (id >= 0) {
      out.push_back(id);
      return;
    }
    append_byte_tokens(vocabulary_, piece, out);
  }

  const Vocabulary& vocabulary_;
};

}  // namespace

std::string escape_spaces(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size() + 8);
  for (char c : text) {
    if (c == ' ') {
      escaped += space_mark;
    } else {
      escaped += c;
    }
  }
  return escaped;
}

void append_byte_tokens(const Vocabulary& vocabulary, std::string_view piece, std::vector<TokenId>& out) {
  for (char c : piece) {
    const TokenId byte = vocabulary.byte_token(static_cast<std::uint8_t>(c));
    if (byte >= 0) {
      out.push_back(byte);
    } else if (vocabulary.unknown) {
      out.push_back(*vocabulary.unknown);
    } else {
      fail_field(Code::invalid, "tokenizer.ggml.tokens", "the vocabulary has no token for byte {}",
                 static_cast<unsigned>(static_cast<std::uint8_t>(c)));
    }
  }
}

std::unique_ptr<Encoder> make_sentencepiece(const Vocabulary& vocabulary) {
  return std::make_unique<SentencePiece>(vocabulary);
}

}  // namespace cofre::tokenizer
