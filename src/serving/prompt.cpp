#include "serving/prompt.h"

#include <algorithm>

#include "serving/tool_calls/scan.h"
#include "text/utf8.h"

namespace cofre::serving {
namespace {

using engine::TokenId;

void check_context(const TextModel& model, const std::vector<TokenId>& ids, const char* field) {
  if (ids.size() < model.context()) return;
  throw ContextExceeded(Code::invalid,
                        fmt::format("the prompt is {} tokens long; this model's context holds {}, the answer included",
                                    ids.size(), model.context()),
                        field);
}

/// Whether the prompt's last tokens, as text, begin a thought that is still open.
bool ends_in_thought(const TextModel& model, const Idiom& idiom, const std::vector<TokenId>& ids) {
  if (idiom.thoughts == nullptr) return false;
  constexpr std::size_t tail = 16;
  const auto& tokenizer = model.loaded().tokenizer;
  const auto text = tokenizer.decode(std::span(ids).last(std::min(tail, ids.size())), true);
  return tool_calls::trim(text).ends_with(idiom.thoughts->begin);
}

/// Messages as this model's template knows them.
json::Array adapted(const Idiom& idiom, const json::Array& messages) {
  const bool knows_developer = idiom.chat->source().find("developer") != std::string_view::npos;
  const bool thinks_in_thinking = idiom.chat->source().find(".thinking") != std::string_view::npos;
  json::Array out = messages;
  for (std::size_t i = 0; i < out.size(); ++i) {
    auto* message = out[i].if_object();
    if (message == nullptr)
      fail_field(Code::invalid, fmt::format("messages[{}]", i), "messages[{}] must be an object", i);
    if (json::string_at(*message, "role", fmt::format("messages[{}].", i)) == "developer" && !knows_developer)
      (*message)["role"] = "system";
    const auto* thought = message->if_contains("reasoning_content");
    if (thinks_in_thinking && thought != nullptr && !message->contains("thinking")) {
      const auto* content = message->if_contains("content");
      const bool has_text = content != nullptr && content->is_string() && !content->get_string().empty();
      if (!has_text || !message->contains("tool_calls")) (*message)["thinking"] = json::Value(*thought);
    }
  }
  return out;
}

std::vector<TokenId> checked_ids(const TextModel& model, const std::vector<std::int32_t>& ids) {
  const auto vocabulary = model.loaded().tokenizer.size();
  for (const auto id : ids)
    if (id < 0 || static_cast<std::size_t>(id) >= vocabulary)
      fail_field(Code::invalid, "prompt", "token {} is not in the vocabulary of {}", id, vocabulary);
  return ids;
}

void append(std::vector<TokenId>& to, const std::vector<TokenId>& ids) { to.insert(to.end(), ids.begin(), ids.end()); }

/// The text before the gap and the one behind it, with the tokens that say so.
std::vector<TokenId> filled_in(const TextModel& model, const Idiom::Fill& fill, std::string_view prefix,
                               std::string_view suffix) {
  const auto& tokenizer = model.loaded().tokenizer;
  const auto before = tokenizer.encode(prefix), behind = tokenizer.encode(suffix);
  std::vector<TokenId> ids;
  if (tokenizer.add_bos()) ids.push_back(*tokenizer.bos());
  const auto add = [&](TokenId mark, const std::vector<TokenId>& text) {
    ids.push_back(mark);
    append(ids, text);
  };
  if (fill.suffix_first) {
    add(fill.suffix, behind);
    add(fill.prefix, before);
  } else {
    add(fill.prefix, before);
    add(fill.suffix, behind);
    ids.push_back(fill.middle);
  }
  return ids;
}

void check_utf8(std::string_view text, const char* field) {
  if (const auto bad = text::find_invalid_utf8(text))
    fail_field(Code::invalid, field, "{} is not UTF-8 at byte {}", field, *bad);
}

}  // namespace

std::vector<TokenId> chat_ids(const Idiom& idiom, const protocol::Chat& chat, std::chrono::sys_seconds now) {
  if (!idiom.chat)
    fail_field(Code::unsupported, "messages", "this model has no chat template: it can only continue texts");
  if (chat.messages.empty()) fail_field(Code::invalid, "messages", "there are no messages");
  json::Object context = chat.template_arguments;
  for (const char* own : {"messages", "tools", "add_generation_prompt", "bos_token", "eos_token"})
    if (context.contains(own))
      fail_field(Code::invalid, fmt::format("chat_template_kwargs.{}", own),
                 "{} cannot be given by chat_template_kwargs", own);
  context["messages"] = adapted(idiom, chat.messages);
  const bool offers = !chat.tools.empty() && chat.tool_choice != protocol::ToolChoice::none;
  if (offers) {
    if (idiom.calls == nullptr) fail_field(Code::unsupported, "tools", "this model cannot call tools");
    context["tools"] = chat.tools;
  }
  if (chat.continue_final_message && chat.add_generation_prompt)
    fail_field(Code::invalid, "continue_final_message",
               "continue_final_message and add_generation_prompt exclude each other");
  context["add_generation_prompt"] = chat.add_generation_prompt;
  try {
    return idiom.chat->prompt(std::move(context), now, chat.continue_final_message);
  } catch (const Error& error) {
    if (!error.field().empty()) throw;
    throw Error(error.code(), error.what(), "messages");
  }
}

Prompt chat_prompt(const TextModel& model, const Idiom& idiom, const protocol::Chat& chat,
                   std::chrono::sys_seconds now) {
  Prompt prompt;
  prompt.ids = chat_ids(idiom, chat, now);
  check_context(model, prompt.ids, "messages");
  prompt.thinking = ends_in_thought(model, idiom, prompt.ids);
  return prompt;
}

Prompt completion_prompt(const TextModel& model, const Idiom& idiom, const protocol::Completion& completion) {
  const auto& tokenizer = model.loaded().tokenizer;
  const auto* text = std::get_if<std::string>(&completion.prompt);
  Prompt prompt;
  if (text != nullptr) check_utf8(*text, "prompt");
  if (completion.suffix) {
    check_utf8(*completion.suffix, "suffix");
    if (!idiom.fill) fail_field(Code::unsupported, "suffix", "this model cannot fill in: it has no tokens for it");
    if (text == nullptr) fail_field(Code::invalid, "prompt", "with a suffix the prompt must be a text");
    prompt.ids = filled_in(model, *idiom.fill, *text, *completion.suffix);
  } else if (text != nullptr) {
    prompt.ids = model.raw_prompt(*text);
  } else {
    prompt.ids = checked_ids(model, std::get<std::vector<std::int32_t>>(completion.prompt));
  }
  if (prompt.ids.empty()) fail_field(Code::invalid, "prompt", "the prompt is empty");
  check_context(model, prompt.ids, "prompt");
  if (completion.echo) prompt.echo = text != nullptr ? *text : text::replace_invalid_utf8(tokenizer.decode(prompt.ids));
  return prompt;
}

}  // namespace cofre::serving
