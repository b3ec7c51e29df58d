#include "serving/chat.h"

#include "base/error.h"
#include "text/utf8.h"

namespace cofre::serving {
namespace {

constexpr const char* key = "tokenizer.chat_template";

chat_template::Template read_template(const gguf::File& file) {
  const auto source = file.string(key);
  if (!source) fail_field(Code::unsupported, key, "this model has no chat template: it can only continue a text (cofre run --raw)");
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

}  // namespace

ChatFormat::ChatFormat(const gguf::File& file, const tokenizer::Tokenizer& tokenizer) : tokenizer_(tokenizer), template_(read_template(file)) {}

std::vector<tokenizer::TokenId> ChatFormat::prompt(json::Object context, std::chrono::sys_seconds now) const {
  if (!template_.takes_parts()) context = chat_template::join_text_parts(context);
  for (auto& member : context) protect(member.value(), tokenizer_);
  context["bos_token"] = name_of(tokenizer_, tokenizer_.bos());
  context["eos_token"] = name_of(tokenizer_, tokenizer_.eos());
  auto ids = tokenizer_.encode(template_.render(context, now), tokenizer::Special::parse_protected);
  const auto bos = tokenizer_.bos();
  if (tokenizer_.add_bos() && bos && (ids.empty() || ids.front() != *bos)) ids.insert(ids.begin(), *bos);
  return ids;
}

}  // namespace cofre::serving
