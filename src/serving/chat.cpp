#include "serving/chat.h"

#include "base/error.h"
#include "text/utf8.h"

namespace cofre::serving {
namespace {

constexpr const char* key = "tokenizer.chat_template";

chat_template::Template read_template(const gguf::File& file) {
  const auto source = file.string(key);
  if (!source)
    fail_field(Code::unsupported, key,
               "this model has no chat template: it can only continue a text (cofre run --raw)");
  return chat_template::Template::parse(*source);
}

std::string protected_text(const tokenizer::Tokenizer& tokenizer, std::string_view text) {
  if (const auto bad = text::find_invalid_utf8(text)) fail(Code::invalid, "the text is not UTF-8 at byte {}", *bad);
  return tokenizer.protect(text);
}

/// Every text inside, keys too.
void protect(json::Value& value, const tokenizer::Tokenizer& tokenizer) {
  if (value.is_string()) {
    value = protected_text(tokenizer, value.get_string());
  } else if (value.is_array()) {
    for (auto& item : value.get_array()) protect(item, tokenizer);
  } else if (value.is_object()) {
    json::Object out;
    for (auto& member : value.get_object()) {
      protect(member.value(), tokenizer);
      out[protected_text(tokenizer, member.key())] = std::move(member.value());
    }
    value = std::move(out);
  }
}

std::string name_of(const tokenizer::Tokenizer& tokenizer, std::optional<tokenizer::TokenId> id) {
  return id ? std::string(tokenizer.piece(*id)) : std::string();
}

/// Put behind the last message's content to find its end in the rendered text; a character of no text.
constexpr std::string_view end_mark = "\uFDD1";

/// Messages whose content is null or absent, with an empty text in its place.
bool fill_contents(json::Object& context) {
  bool changed = false;
  auto* messages = context.if_contains("messages");
  if (messages == nullptr || !messages->is_array()) return false;
  for (auto& message : messages->get_array()) {
    auto* object = message.if_object();
    if (object == nullptr) continue;
    auto& content = (*object)["content"];
    if (!content.is_null()) continue;
    content = "";
    changed = true;
  }
  return changed;
}

/// Appends end_mark to the last message's content.
void mark_end(json::Object& context) {
  auto* messages = context["messages"].if_array();
  auto* last = messages == nullptr || messages->empty() ? nullptr : messages->back().if_object();
  auto* content = last == nullptr ? nullptr : last->if_contains("content");
  if (content == nullptr || !content->is_string())
    fail_field(Code::invalid, "continue_final_message", "the last message has no text that could be continued");
  content->get_string() += end_mark;
}

}  // namespace

ChatFormat::ChatFormat(const gguf::File& file, const tokenizer::Tokenizer& tokenizer)
    : tokenizer_(tokenizer), source_(file.string(key).value_or("")), template_(read_template(file)) {}

/// Some templates fail where an assistant's message has calls and no text: they are given an empty one.
std::string ChatFormat::render(json::Object context, std::chrono::sys_seconds now) const {
  try {
    return template_.render(context, now);
  } catch (const Error&) {
    if (!fill_contents(context)) throw;
    return template_.render(context, now);
  }
}

std::vector<tokenizer::TokenId> ChatFormat::prompt(json::Object context, std::chrono::sys_seconds now,
                                                   bool continue_final) const {
  if (!template_.takes_parts()) context = chat_template::join_text_parts(context);
  for (auto& member : context) protect(member.value(), tokenizer_);
  if (continue_final) mark_end(context);
  context["bos_token"] = name_of(tokenizer_, tokenizer_.bos());
  context["eos_token"] = name_of(tokenizer_, tokenizer_.eos());
  auto text = render(std::move(context), now);
  if (continue_final) {
    const auto end = text.rfind(end_mark);
    if (end == text.npos)
      fail_field(Code::invalid, "continue_final_message",
                 "this model's template does not show the last message, so it cannot be continued");
    text.resize(end);
  }
  auto ids = tokenizer_.encode(text, tokenizer::Special::parse_protected);
  const auto bos = tokenizer_.bos();
  if (tokenizer_.add_bos() && bos && (ids.empty() || ids.front() != *bos)) ids.insert(ids.begin(), *bos);
  return ids;
}

}  // namespace cofre::serving
