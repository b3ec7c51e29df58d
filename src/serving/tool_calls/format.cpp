#include "serving/tool_calls/format.h"

namespace cofre::serving::tool_calls {
namespace {

using Body = Format::Body;

constexpr Format table[] = {
    {.name = "harmony", .body = Body::harmony, .sign = "<|channel|>", .second_sign = "<|message|>"},
    {.name = "kimi",
     .body = Body::named,
     .section_begin = "<|tool_calls_section_begin|>",
     .section_end = "<|tool_calls_section_end|>",
     .begin = "<|tool_call_begin|>",
     .end = "<|tool_call_end|>",
     .name_end = "<|tool_call_argument_begin|>",
     .sign = "<|tool_calls_section_begin|>"},
    {.name = "deepseek-fenced",
     .body = Body::named,
     .section_begin = "<｜tool▁calls▁begin｜>",
     .section_end = "<｜tool▁calls▁end｜>",
     .begin = "<｜tool▁call▁begin｜>function<｜tool▁sep｜>",
     .end = "\n```<｜tool▁call▁end｜>",
     .name_end = "\n```json\n",
     .sign = "<｜tool▁calls▁begin｜>",
     .second_sign = "```json"},
    {.name = "deepseek",
     .body = Body::named,
     .section_begin = "<｜tool▁calls▁begin｜>",
     .section_end = "<｜tool▁calls▁end｜>",
     .begin = "<｜tool▁call▁begin｜>",
     .end = "<｜tool▁call▁end｜>",
     .name_end = "<｜tool▁sep｜>",
     .sign = "<｜tool▁calls▁begin｜>"},
    {.name = "mistral",
     .body = Body::named,
     .begin = "[TOOL_CALLS]",
     .name_end = "[ARGS]",
     .id_begin = "[CALL_ID]",
     .sign = "[TOOL_CALLS]",
     .second_sign = "[ARGS]"},
    {.name = "mistral-list",
     .body = Body::object,
     .section_begin = "[TOOL_CALLS]",
     .section_end = "]",
     .separators = "[,",
     .sign = "[TOOL_CALLS]"},
    {.name = "qwen3-coder",
     .body = Body::tagged,
     .begin = "<tool_call>",
     .end = "</tool_call>",
     .sign = "<function=",
     .second_sign = "<parameter="},
    {.name = "glm",
     .body = Body::pairs,
     .begin = "<tool_call>",
     .end = "</tool_call>",
     .sign = "<tool_call>",
     .second_sign = "<arg_key>"},
    {.name = "hermes",
     .body = Body::object,
     .begin = "<tool_call>",
     .end = "</tool_call>",
     .bare = true,  // Qwen2.5-Coder
     .sign = "<tool_call>",
     .second_sign = "arguments"},
    {.name = "llama3",
     .body = Body::object,
     .begin = "<|python_tag|>",
     .separators = ";",
     .bare = true,
     .unmarked = true,
     .sign = "<|start_header_id|>",
     .second_sign = "\"parameters\""},
};

}  // namespace

std::span<const Format> formats() { return table; }

const Format* detect(std::string_view chat_template) {
  for (const Format& format : table) {
    const auto holds = [&](std::string_view sign) { return chat_template.find(sign) != chat_template.npos; };
    if (holds(format.sign) && holds(format.second_sign)) return &format;
  }
  return nullptr;
}

const Format* find(std::string_view name) {
  for (const Format& format : table)
    if (format.name == name) return &format;
  return nullptr;
}

std::vector<std::string_view> marks(const Format& format) {
  if (format.body == Body::harmony)
    return {"<|start|>", "<|channel|>", "<|message|>", "<|constrain|>", "<|end|>", "<|call|>", "<|return|>"};
  std::vector<std::string_view> all{format.section_begin, format.section_end, format.begin,
                                    format.end,           format.name_end,    format.id_begin};
  if (format.body == Body::pairs) all.insert(all.end(), {key_begin, key_end, value_begin, value_end});
  // Parts of DeepSeek's longer marks.
  if (format.section_begin.starts_with("<｜"))
    all.insert(all.end(), {"<｜tool▁call▁begin｜>", "<｜tool▁sep｜>", "<｜tool▁call▁end｜>"});
  return all;
}

}  // namespace cofre::serving::tool_calls
