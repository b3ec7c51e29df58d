#include "base/error.h"
#include "gateway/console/chat_objects.h"
#include "gateway/console/chats.h"
#include "gateway/desk.h"
#include "gateway/dialects/openai/query.h"

namespace cofre::gateway::console {
namespace {

constexpr std::uint64_t export_bytes_max = 64 << 20;
constexpr std::uint32_t messages_at_once = 200;

http::Response file_response(std::string_view type, std::string_view name, std::string body) {
  http::Response response;
  response.headers.add("Content-Type", std::string(type));
  response.headers.add("Content-Disposition", fmt::format("attachment; filename=\"{}\"", name));
  response.headers.add("Cache-Control", "no-store");
  response.body = std::move(body);
  return response;
}

std::string json_of(const Services& services, const records::Chat& chat) {
  std::string out = "{\"chat\":" + json::dump(chat_object(services.accounts, chat)) + ",\"messages\":[";
  std::int64_t after = 0;
  while (true) {
    const auto messages = services.records.chats.tree(chat, after, messages_at_once);
    if (messages.empty()) return out + "]}";
    for (const auto& message : messages) {
      if (out.back() != '[') out += ',';
      out += json::dump(message_object(message));
    }
    after = messages.back().number;
    if (out.size() > export_bytes_max)
      fail_field(Code::invalid, "chat", "the chat has more than {} MiB: read its messages by pages",
                 export_bytes_max >> 20);
  }
}

}  // namespace

void export_chat(Services& services, Call&& call) {
  openai::check_query(call.request, {"format"});
  const auto format = call.request.parameter("format").value_or("json");
  if (format != "json" && format != "markdown")
    fail_field(Code::invalid, "format", "format: must be one of: json, markdown");
  at_desk(services.desk, std::move(call), [&services, format](Call&& at) {
    const auto chat = chat_of(services, at);
    if (format == "json")
      return at.answer(file_response("application/json", chat.id + ".json", json_of(services, chat)));
    const auto owner = services.accounts.directory.owner(chat.owner);
    std::vector<records::ChatMessage> branch;
    if (chat.leaf) branch = services.records.chats.branch(chat, *chat.leaf, export_bytes_max);
    at.answer(file_response("text/markdown; charset=utf-8", chat.id + ".md",
                            markdown_of(chat.title, owner.label.empty() ? owner.name : owner.label, branch)));
  });
}

}  // namespace cofre::gateway::console
