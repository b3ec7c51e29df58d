#include "tokenizer/tokenizer.h"

#include <algorithm>

#include "base/error.h"
#include "text/utf8.h"
#include "tokenizer/encoder.h"
#include "tokenizer/vocabulary.h"

namespace cofre::tokenizer {
namespace {

std::string without_breakers(std::string_view text) {
  std::string out(text);
  for (std::size_t at = 0; (at = out.find(name_breaker, at)) != out.npos;) out.erase(at, name_breaker.size());
  return out;
}

std::unique_ptr<Encoder> make_encoder(const gguf::File& file, const Vocabulary& vocabulary) {
  const Model model = vocabulary.model();
  if (model == Model::byte_level) return make_bpe(file, vocabulary);
  if (model == Model::raw_bpe) return make_raw_bpe(file, vocabulary);
  if (model == Model::unigram) return make_unigram(file, vocabulary);
  if (model == Model::wordpiece) return make_wordpiece(file, vocabulary);
  return make_sentencepiece(vocabulary);
}

}  // namespace

Tokenizer::Tokenizer(std::unique_ptr<Vocabulary> vocabulary, std::unique_ptr<Encoder> encoder)
    : vocabulary_(std::move(vocabulary)), encoder_(std::move(encoder)) {}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

Tokenizer Tokenizer::from_gguf(const gguf::File& file) {
  auto vocabulary = std::make_unique<Vocabulary>(file);
  auto encoder = make_encoder(file, *vocabulary);
  return Tokenizer(std::move(vocabulary), std::move(encoder));
}

std::vector<TokenId> Tokenizer::encode(std::string_view text, Special special) const {
  if (const auto bad = text::find_invalid_utf8(text)) fail(Code::invalid, "the text is not UTF-8 at byte {}", *bad);
  std::vector<TokenId> ids;
  bool first = true;
  const bool is_protected = special == Special::parse_protected;
  std::string bare;
  vocabulary_->partition(
      text, is_protected ? Special::parse : special, Vocabulary::Edges::kept,
      [&](std::string_view part) {
        if (is_protected && part.find(name_breaker) != part.npos) {
          bare = without_breakers(part);
          part = bare;
        }
        encoder_->encode(part, first, ids);
        first = false;
      },
      [&](TokenId id) {
        ids.push_back(id);
        first = true;
      });
  return ids;
}

std::string Tokenizer::protect(std::string_view text) const {
  std::string clean, out;
  if (text.find(name_breaker) != text.npos) {
    clean = text;
    for (std::size_t at = 0; (at = clean.find(name_breaker, at)) != clean.npos;)
      clean.replace(at, name_breaker.size(), "\uFFFD");
    text = clean;
  }
  vocabulary_->partition(
      text, Special::parse, Vocabulary::Edges::ignored, [&](std::string_view part) { out += part; },
      [&](TokenId id) {
        // After every character: what is left of a name may hold another name.
        const auto name = vocabulary_->piece(id);
        for (std::size_t at = 0; at < name.size();) {
          const auto bytes = std::max<std::size_t>(1, text::decode_utf8(name, at).bytes);
          out += name.substr(at, bytes);
          at += bytes;
          if (vocabulary_->is_special(id)) out += name_breaker;
        }
      });
  for (std::size_t tail = std::min(text.size(), vocabulary_->longest_special()); tail > 0; --tail) {
    if (!vocabulary_->begins_special(text.substr(text.size() - tail))) continue;
    out += name_breaker;
    break;
  }
  return out;
}

void Tokenizer::append_bytes(TokenId id, bool show_special, std::string& out) const {
  if (id < 0 || static_cast<std::size_t>(id) >= size()) fail(Code::invalid, "token {} is not in the vocabulary", id);
  if (vocabulary_->is_special(id) && !show_special) return;
  vocabulary_->append_bytes(id, out);
}

std::string Tokenizer::decode(std::span<const TokenId> ids, bool show_special) const {
  std::string out;
  for (TokenId id : ids) append_bytes(id, show_special, out);
  const bool begins = vocabulary_->model() == Model::wordpiece || (!ids.empty() && !vocabulary_->is_special(ids[0]));
  if (vocabulary_->add_space_prefix && begins && out.starts_with(' ')) out.erase(0, 1);
  return out;
}

std::size_t Tokenizer::size() const noexcept { return vocabulary_->size(); }
std::string_view Tokenizer::piece(TokenId id) const { return vocabulary_->piece(id); }
std::optional<TokenId> Tokenizer::find(std::string_view piece) const {
  const TokenId id = vocabulary_->find(piece);
  return id < 0 ? std::nullopt : std::optional(id);
}
bool Tokenizer::is_special(TokenId id) const { return vocabulary_->is_special(id); }
bool Tokenizer::is_end(TokenId id) const { return vocabulary_->ends[static_cast<std::size_t>(id)]; }
std::optional<TokenId> Tokenizer::bos() const { return vocabulary_->bos; }
std::optional<TokenId> Tokenizer::eos() const { return vocabulary_->eos; }
bool Tokenizer::add_bos() const { return vocabulary_->add_bos; }
bool Tokenizer::add_eos() const { return vocabulary_->add_eos; }

std::string StreamDecoder::push(TokenId id, bool show_special) {
  tokenizer_.append_bytes(id, show_special, held_);
  const auto whole = text::whole_utf8_prefix(held_);
  auto shown = text::replace_invalid_utf8(std::string_view(held_).substr(0, whole));
  held_.erase(0, whole);
  return shown;
}

std::string StreamDecoder::finish() {
  auto shown = text::replace_invalid_utf8(held_);
  held_.clear();
  return shown;
}

}  // namespace cofre::tokenizer
