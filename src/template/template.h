#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "json/json.h"

namespace cofre::chat_template {

/// What a template of a stranger may use at most.
struct Limits {
  std::size_t steps = 1'000'000;        ///< nodes evaluated
  std::size_t depth = 100;              ///< nesting of the source, and of calls
  std::size_t output_bytes = 16 << 20;  ///< of the output, and of any text made on the way
  std::size_t source_bytes = 1 << 20;
};

struct Block;

/// A chat template in Jinja (jinja.palletsprojects.com/templates), as Hugging Face sets Jinja2 up: trim_blocks,
/// lstrip_blocks, break and continue, {% generation %}, tojson without HTML escapes, raise_exception, strftime_now.
/// Immutable; shared between threads freely.
class Template {
 public:
  /// Throws Error(invalid) naming the line at fault.
  static Template parse(std::string_view source, const Limits& limits = {});
  Template(Template&&) noexcept;
  Template& operator=(Template&&) noexcept;
  ~Template();

  /// Applies the template. `context` holds messages, tools, add_generation_prompt, bos_token, eos_token and whatever
  /// else the template asks for; `now` is what strftime_now tells. Throws Error(invalid) where the template refuses
  /// (raise_exception), fails, or reaches a limit.
  std::string render(const json::Object& context, std::chrono::sys_seconds now) const;

  /// Whether messages whose content is a list of parts come out as if it were one text. Otherwise join_text_parts
  /// first.
  bool takes_parts() const { return takes_parts_; }

 private:
  Template(std::unique_ptr<Block> block, const Limits& limits);
  std::unique_ptr<Block> block_;
  Limits limits_;
  bool takes_parts_ = false;
};

/// The context with every message's list of text parts joined into one string, for templates that take only strings.
/// Throws Error(invalid, field) for parts that are not text.
json::Object join_text_parts(const json::Object& context);

}  // namespace cofre::chat_template
