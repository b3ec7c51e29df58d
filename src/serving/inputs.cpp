#include "serving/inputs.h"

#include <cmath>

#include "base/error.h"
#include "serving/prompt.h"
#include "text/utf8.h"

namespace cofre::serving {
namespace {

/// What the model's file says stands before texts of a role.
std::string prefix_of(const Loaded& loaded, protocol::Embedding::Role role) {
  using Role = protocol::Embedding::Role;
  if (role == Role::plain) return {};
  const auto prefix = loaded.file.string(role == Role::query ? "cofre.prefix.query" : "cofre.prefix.passage");
  if (!prefix)
    fail_field(Code::unsupported, "input_type",
               "this model's file names no prefixes for queries and passages: its texts are all alike");
  return std::string(*prefix);
}

}  // namespace

protocol::Failed failed_of(const Error& error) {
  protocol::Failed failed{.code = error.code(), .message = error.what(), .field = error.field()};
  if (dynamic_cast<const ContextExceeded*>(&error) != nullptr) failed.reason = "context_length_exceeded";
  if (error.code() == Code::exhausted) failed.retry_after_s = 1;
  return failed;
}

void check_length(std::size_t tokens, std::size_t longest, std::string_view field) {
  if (tokens <= longest) return;
  throw ContextExceeded(
      Code::invalid, fmt::format("{} is {} tokens long; this model reads at most {} at once", field, tokens, longest),
      std::string(field));
}

std::vector<std::vector<engine::TokenId>> embedding_inputs(const Loaded& loaded, const protocol::Embedding& embedding,
                                                           const IdsOf& ids_of, std::size_t longest) {
  const auto prefix = prefix_of(loaded, embedding.role);
  std::vector<std::vector<engine::TokenId>> all;
  for (std::size_t i = 0; i < embedding.inputs.size(); ++i) {
    const auto field = fmt::format("input[{}]", i);
    std::vector<engine::TokenId> ids;
    if (const auto* text = std::get_if<std::string>(&embedding.inputs[i])) {
      if (const auto bad = text::find_invalid_utf8(*text))
        fail_field(Code::invalid, field, "{} is not UTF-8 at byte {}", field, *bad);
      ids = ids_of(prefix + *text);
    } else if (!prefix.empty()) {
      fail_field(Code::invalid, field, "{}: token ids get no prefix: leave input_type out", field);
    } else {
      ids = std::get<std::vector<std::int32_t>>(embedding.inputs[i]);
    }
    if (ids.empty()) fail_field(Code::invalid, field, "{} is empty", field);
    const auto vocabulary = loaded.tokenizer.size();
    for (const auto id : ids)
      if (id < 0 || static_cast<std::size_t>(id) >= vocabulary)
        fail_field(Code::invalid, field, "{}: token {} is not in the vocabulary of {}", field, id, vocabulary);
    check_length(ids.size(), longest, field);
    all.push_back(std::move(ids));
  }
  return all;
}

void check_dimensions(const protocol::Embedding& embedding, std::size_t width) {
  if (embedding.dimensions && *embedding.dimensions > width)
    fail_field(Code::invalid, "dimensions", "dimensions is {}; this model's vectors have {}", *embedding.dimensions,
               width);
}

void shorten(std::vector<float>& vector, std::size_t dimensions) {
  vector.resize(dimensions);
  double squares = 0;
  for (const float x : vector) squares += static_cast<double>(x) * x;
  const double length = std::sqrt(squares);
  if (length > 0)
    for (float& x : vector) x = static_cast<float>(x / length);
}

protocol::Tokens told_tokens(const tokenizer::Tokenizer& tokenizer, std::vector<engine::TokenId> ids) {
  protocol::Tokens tokens;
  for (const auto id : ids) {
    std::string piece;
    tokenizer.append_bytes(id, true, piece);
    tokens.pieces.push_back(text::replace_invalid_utf8(piece));
  }
  tokens.ids = std::move(ids);
  return tokens;
}

protocol::Tokens told_text(const tokenizer::Tokenizer& tokenizer, const protocol::Detokenize& task) {
  protocol::Tokens tokens;
  tokens.text = text::replace_invalid_utf8(tokenizer.decode(task.tokens, true));
  return tokens;
}

}  // namespace cofre::serving
