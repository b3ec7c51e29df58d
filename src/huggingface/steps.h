#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "json/json.h"

/// Reading tokenizer.json: a pipeline of steps, each {"type": …, its own members}; a "Sequence" holds steps again.
namespace cofre::huggingface {

/// Why a tokenizer.json cannot be imported, by the place in it.
template <class... Args>
[[noreturn]] void refuse(std::string_view place, fmt::format_string<Args...> form, Args&&... args) {
  fail_field(Code::unsupported, std::string(place), "tokenizer.json: {}: {}", place,
             fmt::format(form, std::forward<Args>(args)...));
}

/// A member, nullptr where it is absent or null.
const json::Value* member(const json::Object& object, std::string_view key);
/// A boolean member; throws Error(invalid) where it is of another type.
bool flag(const json::Object& object, std::string_view key, bool otherwise, std::string_view place);

struct Step {
  std::string place;  ///< "pre_tokenizer.Split": how errors call it
  std::string type;
  const json::Object* members;
};

/// The steps of one part ("normalizer", "pre_tokenizer", "post_processor", "decoder") in their order, sequences
/// flattened; none where the part is absent or null. `list`: the member in which a sequence of this part holds them.
std::vector<Step> steps_of(const json::Object& tokenizer, std::string_view part, std::string_view list);

/// {"String": …} or {"Regex": …} of a step's pattern.
struct Pattern {
  std::string text;
  bool is_regex = false;
  bool operator==(const Pattern&) const = default;
};
Pattern pattern_of(const Step& step);

}  // namespace cofre::huggingface
