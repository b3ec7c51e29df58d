#pragma once

#include <string_view>

#include "template/ast.h"
#include "template/template.h"

namespace cofre::chat_template {

/// Parses a template. Throws Error(invalid) naming the line: syntax, unknown tags, nesting beyond limits.depth.
Block parse_template(std::string_view source, const Limits& limits);

}  // namespace cofre::chat_template
