#include "gateway/console/chats.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "gateway/assistants.h"
#include "gateway/console/chat_form.h"
#include "gateway/console/chat_objects.h"
#include "gateway/desk.h"
#include "gateway/dialects/openai/background.h"
#include "gateway/dialects/openai/calls.h"
#include "gateway/dialects/openai/form.h"
#include "gateway/dialects/openai/query.h"

namespace cofre::gateway::console {
namespace {

using openai::check_query;
using openai::read_page;
using records::Chat;
using records::Chats;

constexpr std::uint32_t page_chats_default = 20, page_chats_max = 100;
constexpr std::uint32_t page_messages_default = 50, page_messages_max = 200;

/// Goes on at the desk and answers with what `work` returns.
template <class Work>
void answer_at_desk(Services& services, Call&& call, Work work) {
  at_desk(services.desk, std::move(call),
          [&services, work = std::move(work)](Call&& at) { at.answer(json::dump(work(services, at))); });
}

void answer_with_page(const Call& call, std::vector<records::ChatMessage> messages, const records::Page& page) {
  json::Array items;
  for (const auto& message : messages) items.emplace_back(message_object(message));
  call.answer(openai::list_text(std::move(items), page));
}

void check_text(const std::optional<std::string>& text, std::string_view name, std::size_t bytes_max) {
  if (text && text->size() > bytes_max)
    fail_field(Code::invalid, std::string(name), "{}: must have at most {} bytes", name, bytes_max);
}

/// What a new chat or a change says; an assistant must be one that the caller sees.
Chats::Change change_of(const Services& services, const Call& call, bool is_new) {
  auto change = read_change(openai::body_of(call), is_new);
  if (change.assistant && *change.assistant &&
      !services.records.assistants.find(reader_of(*call.caller), **change.assistant))
    fail_field(Code::not_found, "assistant", "there is no assistant \"{}\"", (*change.assistant)->substr(0, 64));
  return change;
}

/// A chat by its link, for who may read it: the department's members, and its owner.
Chat shared_with(const Services& services, const Call& call) {
  const auto& caller = *call.caller;
  const auto chat = services.records.chats.shared(call.parameters.at(0));
  const bool is_member = caller.department != 0 && caller.department == chat.share->department &&
                         static_cast<std::int64_t>(caller.tenant) == chat.tenant;
  if ((!is_member && caller.user != chat.owner) || !services.accounts.directory.standing(chat.owner))
    fail_field(Code::not_found, "share", "there is no share \"{}\"", call.parameters.at(0).substr(0, 64));
  return chat;
}

}  // namespace

Chat chat_of(const Services& services, const Call& call) {
  return services.records.chats.chat(call.caller->user, call.parameters.at(0));
}

void list_chats(Services& services, Call&& call) {
  check_query(call.request, {"limit", "after", "folder", "query"});
  at_desk(services.desk, std::move(call), [&services](Call&& at) {
    const auto page = read_page(at.request, page_chats_default, page_chats_max);
    const Chats::Filter filter{at.request.parameter("folder"), at.request.parameter("query")};
    check_text(filter.query, "query", Chats::query_bytes_max);
    json::Array items;
    for (const auto& found : services.records.chats.list(at.caller->user, page, filter)) {
      auto object = chat_object(services.accounts, found.chat);
      if (filter.query)
        object["match"] = json::Object{{"message", found.message ? json::Value(*found.message) : json::Value()},
                                       {"text", found.excerpt}};
      items.emplace_back(std::move(object));
    }
    at.answer(openai::list_text(std::move(items), page));
  });
}

void create_chat(Services& services, Call&& call) {
  answer_at_desk(services, std::move(call), [](Services& with, Call& at) {
    const auto change = change_of(with, at, true);
    return chat_object(with.accounts, with.records.chats.create(at.caller->user,
                                                                static_cast<std::int64_t>(at.caller->tenant), change));
  });
}

void get_chat(Services& services, Call&& call) {
  answer_at_desk(services, std::move(call),
                 [](Services& with, Call& at) { return chat_object(with.accounts, chat_of(with, at)); });
}

void change_chat(Services& services, Call&& call) {
  answer_at_desk(services, std::move(call), [](Services& with, Call& at) {
    const auto chat = chat_of(with, at);
    return chat_object(with.accounts, with.records.chats.change(chat, change_of(with, at, false)));
  });
}

void delete_chat(Services& services, Call&& call) {
  answer_at_desk(services, std::move(call), [](Services& with, Call& at) {
    const auto chat = chat_of(with, at);
    for (const auto& response : with.records.chats.remove(chat))
      if (const auto running = with.backgrounds.find(at.caller->holder(), response)) running->cancel();
    return json::Object{{"id", chat.id}, {"object", "chat"}, {"deleted", true}};
  });
}

void list_messages(Services& services, Call&& call) {
  check_query(call.request, {"limit", "after", "order", "leaf"});
  at_desk(services.desk, std::move(call), [&services](Call&& at) {
    const auto page = read_page(at.request, page_messages_default, page_messages_max);
    const auto chat = chat_of(services, at);
    const auto named = at.request.parameter("leaf");
    const auto& leaf = named ? named : chat.leaf;
    answer_with_page(at, leaf ? services.records.chats.branch(chat, *leaf, page) : std::vector<records::ChatMessage>(),
                     page);
  });
}

void share_chat(Services& services, Call&& call) {
  answer_at_desk(services, std::move(call), [](Services& with, Call& at) {
    const auto chat = chat_of(with, at);
    if (at.caller->department == 0) fail(Code::invalid, "you belong to no department that could read the chat");
    if (!chat.leaf) fail_field(Code::invalid, "chat", "the chat has no messages yet");
    return share_object(with.accounts, *with.records.chats.share(chat, at.caller->department).share);
  });
}

void unshare_chat(Services& services, Call&& call) {
  answer_at_desk(services, std::move(call), [](Services& with, Call& at) {
    const auto chat = chat_of(with, at);
    with.records.chats.unshare(chat);
    return json::Object{{"id", chat.id}, {"object", "chat"}, {"share", nullptr}};
  });
}

void get_shared(Services& services, Call&& call) {
  answer_at_desk(services, std::move(call), [](Services& with, Call& at) {
    const auto chat = shared_with(with, at);
    const auto owner = with.accounts.directory.owner(chat.owner);
    auto out = share_object(with.accounts, *chat.share);
    out["object"] = "chat.share";
    out["title"] = chat.title;
    out["owner"] = json::Object{{"name", owner.name}, {"label", owner.label}};
    return out;
  });
}

void list_shared_messages(Services& services, Call&& call) {
  check_query(call.request, {"limit", "after", "order"});
  at_desk(services.desk, std::move(call), [&services](Call&& at) {
    const auto page = read_page(at.request, page_messages_default, page_messages_max);
    const auto chat = shared_with(services, at);
    auto messages = services.records.chats.branch(chat, chat.share->leaf, page);
    for (auto& message : messages) {  // of other branches nothing is told
      message.siblings = {message.id};
      message.response.reset();
    }
    answer_with_page(at, std::move(messages), page);
  });
}

void list_folders(Services& services, Call&& call) {
  answer_at_desk(services, std::move(call), [](Services& with, Call& at) {
    json::Array items;
    for (const auto& folder : with.records.chats.folders(at.caller->user))
      items.emplace_back(json::Object{{"name", folder.name}, {"chats", folder.chats}});
    return json::Object{{"object", "list"}, {"data", std::move(items)}};
  });
}

void rename_folder(Services& services, Call&& call) {
  answer_at_desk(services, std::move(call), [](Services& with, Call& at) {
    const auto body = openai::body_of(at);
    openai::Form form(body);
    const auto name = form.required_text("name", Chats::folder_bytes_max);
    if (name.empty()) form.refuse("name", "is empty");
    form.finish();
    with.records.chats.rename_folder(at.caller->user, at.parameters.at(0), name);
    return json::Object{{"name", name}};
  });
}

void delete_folder(Services& services, Call&& call) {
  answer_at_desk(services, std::move(call), [](Services& with, Call& at) {
    with.records.chats.rename_folder(at.caller->user, at.parameters.at(0), std::nullopt);
    return json::Object{{"name", at.parameters.at(0)}, {"deleted", true}};
  });
}

}  // namespace cofre::gateway::console
