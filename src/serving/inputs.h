#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "engine/sampler.h"
#include "protocol/event.h"
#include "protocol/request.h"
#include "serving/text_model.h"

namespace cofre::serving {

/// Turns a text into the token ids that stand for all of it.
using IdsOf = std::function<std::vector<engine::TokenId>(std::string_view)>;

/// The token ids of each input; texts get the prefix that the model knows their role by. None is longer than `longest`.
/// Throws Error(invalid) naming the field at fault ("input[3]"), Error(unsupported, field "input_type") where the file
/// names no prefix for the role.
std::vector<std::vector<engine::TokenId>> embedding_inputs(const Loaded& loaded, const protocol::Embedding& embedding,
                                                           const IdsOf& ids_of, std::size_t longest);
/// An error as a request's last event.
protocol::Failed failed_of(const Error& error);

/// Throws ContextExceeded naming the field.
void check_length(std::size_t tokens, std::size_t longest, std::string_view field);

/// Its first values, where fewer are wanted, of length 1. Throws Error(invalid, field dimensions) where more are.
void check_dimensions(const protocol::Embedding& embedding, std::size_t width);
void shorten(std::vector<float>& vector, std::size_t dimensions);

/// Ids with their texts, as a Tokenize request is answered.
protocol::Tokens told_tokens(const tokenizer::Tokenizer& tokenizer, std::vector<engine::TokenId> ids);
/// The text of ids, as a Detokenize request is answered.
protocol::Tokens told_text(const tokenizer::Tokenizer& tokenizer, const protocol::Detokenize& task);

}  // namespace cofre::serving
