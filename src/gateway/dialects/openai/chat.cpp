#include "gateway/dialects/openai/chat.h"

#include <limits>

#include "gateway/dialects/openai/messages.h"

namespace cofre::gateway::openai {
namespace {

void read_max_tokens(Form& form, protocol::Request& request) {
  constexpr auto most = std::numeric_limits<std::int32_t>::max();
  const auto old = form.whole("max_tokens", 1, most);
  const auto now = form.whole("max_completion_tokens", 1, most);
  if (old && now && *old != *now) form.refuse("max_tokens", "and max_completion_tokens differ: give one of them");
  if (const auto& given = now ? now : old) request.max_tokens = static_cast<std::uint64_t>(*given);
}

void read_template_arguments(Form& form, protocol::Chat& chat) {
  if (const auto arguments = form.object("chat_template_kwargs")) chat.template_arguments = arguments->json();
  if (const auto effort = form.word("reasoning_effort", {"none", "minimal", "low", "medium", "high", "xhigh"})) {
    if (!chat.template_arguments.contains("reasoning_effort") && *effort != "none")
      chat.template_arguments["reasoning_effort"] = *effort;
    if (!chat.template_arguments.contains("enable_thinking"))
      chat.template_arguments["enable_thinking"] = *effort != "none" && *effort != "minimal";
  }
  chat.continue_final_message = form.flag("continue_final_message").value_or(false);
  chat.add_generation_prompt = form.flag("add_generation_prompt").value_or(!chat.continue_final_message);
  if (chat.continue_final_message && chat.add_generation_prompt)
    form.refuse("continue_final_message", "and add_generation_prompt contradict each other");
}

void refuse_unsupported(Form& form) {
  form.unsupported("audio");
  form.unsupported("prediction");
  form.unsupported("web_search_options");
  form.unsupported("moderation");
  form.unsupported("functions", "is not supported: use tools");
  form.unsupported("function_call", "is not supported: use tool_choice");
  form.unsupported("priority", "is the administrator's to set");
  form.unsupported("cache_salt", "is set for each key");
  if (form.flag("store").value_or(false))
    fail_field(Code::unsupported, form.name("store"), "store is supported by /v1/responses only");
  if (const auto* modalities = form.list("modalities", 8))
    for (const auto& one : *modalities)
      if (one != json::Value("text"))
        fail_field(Code::unsupported, form.name("modalities"), "only the modality \"text\" is supported");
  if (const auto verbosity = form.word("verbosity", {"low", "medium", "high"}); verbosity && *verbosity != "medium")
    fail_field(Code::unsupported, form.name("verbosity"), "only the verbosity \"medium\" is supported");
}

}  // namespace

ChatCall parse_chat(const json::Value& body) {
  Form form(body);
  ChatCall call;
  auto& request = call.request;
  protocol::Chat chat;
  read_sampling(form, request);
  chat.messages = read_messages(form);
  read_tools(form, chat);
  read_template_arguments(form, chat);
  read_max_tokens(form, request);
  request.logprobs = form.flag("logprobs").value_or(false);
  const auto top = form.whole("top_logprobs", 0, 20);
  if (top && *top > 0 && !request.logprobs) form.refuse("top_logprobs", "needs logprobs: true");
  request.top_logprobs = static_cast<std::uint32_t>(top.value_or(0));
  read_constraint(form, request, true);
  call.delivery = read_delivery(form);
  read_labels(form);
  refuse_unsupported(form);
  form.finish();
  request.task = std::move(chat);
  protocol::validate(request);
  return call;
}

}  // namespace cofre::gateway::openai
