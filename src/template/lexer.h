#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cofre::chat_template {

/// A token of the source.
struct Token {
  enum class Kind { text, block_begin, block_end, output_begin, output_end, name, integer, real, string, op, end };
  Kind kind;
  std::string text;  ///< of a string: its value
  int line;
};

/// Cuts a template into tokens as Jinja2's lexer does with trim_blocks, lstrip_blocks and no kept trailing newline.
/// Throws Error(invalid) naming the line.
std::vector<Token> tokenize(std::string_view source);

}  // namespace cofre::chat_template
