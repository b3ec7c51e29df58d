#include "template/template.h"

#include "base/error.h"
#include "template/interpreter.h"
#include "template/parser.h"

namespace cofre::chat_template {
namespace {

json::Object probe(json::Value content) {
  json::Object context;
  context["messages"] = json::Array{json::Object{{"role", "user"}, {"content", std::move(content)}}};
  context["add_generation_prompt"] = true;
  context["bos_token"] = "";
  context["eos_token"] = "";
  return context;
}

std::string joined(const json::Array& parts, std::string_view path) {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto here = fmt::format("{}[{}]", path, i);
    if (!parts[i].is_object()) fail_field(Code::invalid, here, "must be an object with type and text");
    const auto& part = parts[i].get_object();
    if (json::string_at(part, "type", here + ".") != "text")
      fail_field(Code::invalid, here + ".type", "this model reads text alone");
    text += json::string_at(part, "text", here + ".");
  }
  return text;
}

}  // namespace

Template::Template(std::unique_ptr<Block> block, const Limits& limits) : block_(std::move(block)), limits_(limits) {}
Template::Template(Template&&) noexcept = default;
Template& Template::operator=(Template&&) noexcept = default;
Template::~Template() = default;

Template Template::parse(std::string_view source, const Limits& limits) {
  if (source.size() > limits.source_bytes)
    fail(Code::invalid, "template: {} bytes, at most {} are read", source.size(), limits.source_bytes);
  Template result(std::make_unique<Block>(parse_template(source, limits)), limits);
  // Asked rather than looked up in the source: the same words as parts and as a string must come out the same.
  try {
    const auto plain = result.render(probe("probe words"), {});
    const auto parts = result.render(probe(json::Array{json::Object{{"type", "text"}, {"text", "probe words"}}}), {});
    result.takes_parts_ = plain == parts;
  } catch (const Error&) {
    result.takes_parts_ = false;
  }
  return result;
}

std::string Template::render(const json::Object& context, std::chrono::sys_seconds now) const {
  return Interpreter(limits_, now).run(*block_, context);
}

json::Object join_text_parts(const json::Object& context) {
  json::Object out = context;
  const auto found = out.find("messages");
  if (found == out.end() || !found->value().is_array()) return out;
  std::size_t i = 0;
  for (auto& message : found->value().get_array()) {
    const auto index = i++;
    if (!message.is_object()) continue;
    const auto content = message.get_object().find("content");
    if (content == message.get_object().end() || !content->value().is_array()) continue;
    content->value() = joined(content->value().get_array(), fmt::format("messages[{}].content", index));
  }
  return out;
}

}  // namespace cofre::chat_template
