#pragma once

#include <functional>
#include <string_view>

#include "grammar/builder.h"
#include "serving/tool_calls/format.h"
#include "serving/tool_calls/tools.h"

namespace cofre::serving::tool_calls {

/// A text of the model's own, in which names of special tokens are these tokens.
using Mark = std::function<grammar::Node(std::string_view)>;

/// Writes calls as a format wants them into a grammar, arguments by the schemas of the tools. Not for harmony's heads.
class CallGrammar {
 public:
  /// All must outlive it.
  CallGrammar(grammar::Builder& builder, const Format& format, const Tools& tools, Mark mark)
      : builder_(builder), format_(format), tools_(tools), mark_(std::move(mark)) {}

  /// One call, or with `many` one after another; marks around all of them included.
  /// Throws Error(invalid, field tools[…]) for a schema that is none, Error(unsupported, …) for one that cannot be held
  /// where its tool is strict.
  grammar::Node calls(bool many);
  /// Calls without marks, spaced as models space them; one, or with `many` one after another.
  grammar::Node bare(bool many);
  /// What such a call begins with, its tool's name included, up to its arguments.
  grammar::Node bare_beginning();
  /// White space, as much as there is.
  grammar::Node blank();
  /// The arguments of one tool as a JSON object.
  grammar::Node arguments(const Tool& tool);

 private:
  grammar::Node call(const Tool& tool);
  grammar::Node pairs(const Tool& tool);
  grammar::Node pair(const Tool& tool, std::string_view key, const json::Value& schema);
  grammar::Node line();  ///< a line end, or none
  grammar::Node bare_beginning(grammar::Node name);
  grammar::Node some_of(std::string_view characters, std::uint32_t most);
  grammar::Builder& builder_;
  const Format& format_;
  const Tools& tools_;
  Mark mark_;
};

}  // namespace cofre::serving::tool_calls
