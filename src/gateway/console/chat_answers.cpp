#include <utility>

#include "base/error.h"
#include "gateway/assistants.h"
#include "gateway/console/chat_form.h"
#include "gateway/console/chat_objects.h"
#include "gateway/console/chat_writer.h"
#include "gateway/console/chats.h"
#include "gateway/desk.h"
#include "gateway/dialects/openai/background.h"
#include "gateway/dialects/openai/calls.h"
#include "gateway/metering.h"

namespace cofre::gateway::console {
namespace {

using records::Chat;
using records::ChatMessage;

constexpr std::string_view default_model = "default";

ChatMessage message_said(const Saying& saying) {
  ChatMessage said;
  said.id = records::new_id("cmsg_");
  said.text = saying.text;
  said.tool_outputs = saying.tool_outputs;
  return said;
}

/// What POST /v1/responses would be sent; the branch goes before it. The request's own word goes before the chat's,
/// that before its assistant's.
json::Object response_body(const Services& services, const accounts::Caller& caller, const Chat& chat,
                           const Asking& asking, json::Array input) {
  json::Object body = chat.parameters.as_object();
  for (const auto& field : asking.parameters) body[field.key()] = field.value();
  if (chat.system_prompt) body["instructions"] = *chat.system_prompt;
  auto model = asking.model ? asking.model : chat.model;
  if (chat.assistant) {
    const auto assistant = services.records.assistants.find(reader_of(caller), *chat.assistant);
    if (!assistant)
      fail_field(Code::not_found, "assistant", "the chat's assistant \"{}\" is not there any more", *chat.assistant);
    apply_to_response(*assistant, body);
    if (!model) model = assistant->model;
  }
  body["model"] = model.value_or(std::string(default_model));
  body["input"] = std::move(input);
  body["background"] = true;
  return body;
}

/// The branch up to `leaf`, as what goes before the input.
json::Array items_of(const std::vector<ChatMessage>& branch) {
  json::Array items;
  for (const auto& message : branch) append_items(items, message);
  return items;
}

[[noreturn]] void refuse_unfinished(std::string_view id) {
  auto failure = failure_of(409, fmt::format("the message \"{}\" is still being written", id));
  failure.param = "parent";
  failure.retry = false;
  throw failure;
}

std::vector<ChatMessage> branch_to(Services& services, const Chat& chat, const std::optional<std::string>& leaf) {
  if (!leaf) return {};
  auto branch = services.records.chats.branch(chat, *leaf, *services.settings.body_bytes_max.get());
  if (branch.back().status == "queued") refuse_unfinished(*leaf);
  return branch;
}

/// Begins the answer to the last of `branch`, or to what is said behind it, and stores both. At the desk.
void begin_answer(Services& services, Call& at, const Chat& chat, const Asking& asking, std::vector<ChatMessage> branch,
                  const std::optional<ChatMessage>& said) {
  const auto parent = branch.empty() ? std::nullopt : std::optional(branch.back().id);
  json::Array input;
  if (said) {
    append_items(input, *said);
  } else {
    append_items(input, branch.back());
    branch.pop_back();
  }
  auto parsed =
      openai::parse_responses(response_body(services, *at.caller, chat, asking, std::move(input)), items_of(branch));
  if (!services.models.find(parsed.request.model))
    fail_field(Code::not_found, "model", "there is no model \"{}\" here", parsed.request.model);
  const auto head = openai::head_of(services, at, parsed.request.model);
  const auto writer = std::make_shared<ChatWriter>(openai::encode_responses(head, parsed), at.began);
  auto record = openai::record_of(services, at, head, parsed);

  ChatMessage answer;
  answer.id = records::new_id("cmsg_");
  answer.role = ChatMessage::Role::assistant;
  answer.status = "queued";
  answer.model = head.model;
  answer.response = record.id;
  const auto running = openai::Background::start(
      services, {*at.caller, at.request.id, at.trace}, {openai::one(std::move(parsed.request)), writer},
      std::move(record), writer,
      [&chats = services.records.chats, writer, id = answer.id] { chats.finish(id, writer->message()); });
  try {
    const auto added = services.records.chats.add(chat, parent, said, answer);
    json::Object told{{"message", nullptr}, {"answer", message_object(*added.answer)}};
    if (added.said) told["message"] = message_object(*added.said);
    at.answer(json::dump(told));
  } catch (...) {
    running->cancel();
    throw;
  }
}

}  // namespace

void say(Services& services, Call&& call) {
  at_desk(services.desk, std::move(call), [&services](Call&& at) {
    Saying saying;
    const auto asking = read_asking(openai::body_of(at), &saying);
    const auto chat = chat_of(services, at);
    auto& chats = services.records.chats;
    auto parent = saying.parent ? saying.parent : chat.leaf;
    if (saying.parent) chats.message(chat, *saying.parent, "parent");
    if (saying.edits) parent = chats.message(chat, *saying.edits, "edits").parent;
    auto branch = branch_to(services, chat, parent);
    const auto said = message_said(saying);
    const auto room = room_for(services.accounts, *at.caller, said.text.size() + json::dump(said.tool_outputs).size());
    if (saying.answer) return begin_answer(services, at, chat, asking, std::move(branch), said);
    const auto added = chats.add(chat, parent, said, std::nullopt);
    at.answer(json::dump(json::Object{{"message", message_object(*added.said)}, {"answer", nullptr}}));
  });
}

void answer_again(Services& services, Call&& call) {
  at_desk(services.desk, std::move(call), [&services](Call&& at) {
    const auto asking = read_asking(openai::body_of(at), nullptr);
    const auto chat = chat_of(services, at);
    const auto message = services.records.chats.message(chat, at.parameters.at(1));
    if (message.role != ChatMessage::Role::user)
      fail_field(Code::invalid, "message", "message: must be one of the user's: an answer belongs to it");
    room_for(services.accounts, *at.caller, 0);  // the answer is stored whole, but not begun where all is full
    begin_answer(services, at, chat, asking, branch_to(services, chat, message.id), std::nullopt);
  });
}

}  // namespace cofre::gateway::console
