#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace cofre::serving::tool_calls {

/// How a family writes calls of tools into its answers.
///
///   object   BEGIN {"name": NAME, "arguments": {…}} END            Hermes, Qwen; Llama 3; Mistral's lists
///   named    BEGIN NAME NAME_END {…} END                           DeepSeek, Kimi, Mistral
///   pairs    BEGIN NAME (<arg_key>K</arg_key><arg_value>V</arg_value>)* END     GLM, Spark
///   tagged   BEGIN <function=NAME> (<parameter=K> V </parameter>)* </function> END     Qwen3-Coder
///   harmony  <|channel|>commentary to=functions.NAME …<|message|>{…}            gpt-oss
struct Format {
  enum class Body { object, named, pairs, tagged, harmony };
  std::string_view name;
  Body body;
  std::string_view section_begin{}, section_end{};  ///< around all calls; empty: none
  std::string_view begin{}, end{};                  ///< of one call; empty: none
  std::string_view name_end{};                      ///< named: between name and arguments
  std::string_view id_begin{};                      ///< named: between name and the call's id, where it has one
  std::string_view separators{};                    ///< characters that may stand between calls
  bool bare = false;                                ///< an answer that begins with '{' may be a call without marks
  bool unmarked = false;                            ///< its calls are as a rule bare
  std::string_view sign{}, second_sign{};           ///< what the template of such a model holds
};

/// The formats known, in the order in which templates are asked for their signs.
std::span<const Format> formats();
/// The format of a model with this chat template; nullptr where it calls no tools, or in a way that is not known.
const Format* detect(std::string_view chat_template);
/// The format of this name; nullptr where there is none.
const Format* find(std::string_view name);
/// All its marks: tokens of these names are read as text even where they are special.
std::vector<std::string_view> marks(const Format& format);

// Marks of tagged bodies. A value stands on lines of its own.
inline constexpr std::string_view function_begin = "<function=", function_end = "</function>";
inline constexpr std::string_view parameter_begin = "<parameter=", parameter_end = "</parameter>";

// Marks of bodies of pairs.
inline constexpr std::string_view key_begin = "<arg_key>", key_end = "</arg_key>";
inline constexpr std::string_view value_begin = "<arg_value>", value_end = "</arg_value>";

}  // namespace cofre::serving::tool_calls
