#include "gateway/dialects/openai/stored.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "gateway/desk.h"
#include "gateway/dialects/openai/background.h"
#include "gateway/dialects/openai/handlers.h"
#include "gateway/dialects/openai/query.h"
#include "gateway/dialects/openai/responses.h"
#include "gateway/outlet.h"

namespace cofre::gateway::openai {
namespace {

constexpr std::uint64_t sequence_max = std::uint64_t{1} << 53;  // JSON's whole numbers
constexpr std::uint32_t page_items_default = 20, page_items_max = 100;

[[noreturn]] void refuse(std::string_view name, std::string_view what) {
  fail_field(Code::invalid, std::string(name), "{} {}", name, what);
}

bool flag(const http::Request& request, std::string_view name) {
  const auto text = request.parameter(name);
  if (text && *text != "true" && *text != "false") refuse(name, "must be true or false");
  return text == "true";
}

[[noreturn]] void not_there(std::string_view id) {
  fail_field(Code::not_found, "response_id", "there is no response \"{}\" here", id.substr(0, 128));
}

[[noreturn]] void refuse_previous(int status, std::string_view code, std::string message) {
  auto failure = failure_of(status, message);
  failure.param = "previous_response_id";
  failure.code = code;
  throw failure;
}

/// What was asked and answered; a call that was cut off says nothing.
void append_items(json::Array& items, const records::Response& turn, bool with_output) {
  auto asked = json::parse(turn.input);
  for (auto& item : asked.as_array()) items.push_back(std::move(item));
  if (!with_output) return;
  auto answered = json::parse(turn.object);
  for (auto& item : answered.at("output").as_array()) {
    const auto& object = item.as_object();
    if (object.at("type") == json::Value("function_call") && object.at("status") != json::Value("completed")) continue;
    items.push_back(std::move(item));
  }
}

std::uint64_t next_event(const Retrieval& retrieval) {
  return retrieval.starting_after ? *retrieval.starting_after + 1 : 0;
}

/// Of a response that has ended. At the desk.
void stream_stored(Services& services, const Call& call, const records::Response& response,
                   const Retrieval& retrieval) {
  if (!response.background) refuse("stream", "is for responses that were made with background: true");
  auto events = services.records.responses.events(response.tenant, response.id);
  if (!events) refuse("stream", "is possible for a day only: read the response as it is, without stream");
  auto from = next_event(retrieval);
  if (events->empty()) {  // the box stopped before its end, and with it went its events
    events = response_event("response.failed", from, {{"response", json::parse(response.object)}});
    from = 0;
  }
  begin_event_stream(call);
  EventLog::of(std::move(*events))->read(call.responder, from);
}

/// Of a conversation's items, in their order, those of a page and one more.
json::Array page_of(json::Array items, const records::Page& page) {
  if (!page.oldest_first) std::reverse(items.begin(), items.end());
  auto at = items.begin();
  if (page.after) {
    at = std::find_if(at, items.end(), [&](const auto& item) { return item.at("id") == json::Value(*page.after); });
    if (at == items.end()) refuse("after", "names no item of this response");
    ++at;
  }
  items.erase(items.begin(), at);
  if (items.size() > page.limit) items.resize(page.limit + 1);
  return items;
}

/// The response as it is now. At the desk.
void answer_with(Services& services, const Call& call, std::string_view id) {
  if (const auto running = services.backgrounds.find(call.caller->holder(), id))
    return call.answer(json::dump(running->object()));
  const auto stored = services.records.responses.find(call.caller->holder(), id);
  if (!stored) not_there(id);
  call.answer(stored->object);
}

}  // namespace

json::Array items_before(Services& services, std::uint64_t tenant, const std::string& previous) {
  const auto turns = services.records.responses.conversation(tenant, previous, services.settings.body_bytes_max);
  if (turns.empty() || turns.front().previous) {
    const auto& missing = turns.empty() ? previous : *turns.front().previous;
    refuse_previous(400, "previous_response_not_found", fmt::format("there is no response \"{}\" here", missing));
  }
  if (turns.back().status == "queued")
    refuse_previous(409, "previous_response_not_complete",
                    fmt::format("the response \"{}\" is still being written", previous));
  if (turns.back().status == "failed")
    refuse_previous(400, "previous_response_failed", fmt::format("the response \"{}\" has failed", previous));
  json::Array items;
  for (const auto& turn : turns) append_items(items, turn, true);
  return items;
}

Retrieval parse_retrieval(const http::Request& request) {
  Retrieval out;
  out.stream = flag(request, "stream");
  flag(request, "include_obfuscation");
  out.starting_after = whole_number(request, "starting_after", 0, sequence_max);
  if (out.starting_after && !out.stream) refuse("starting_after", "needs stream=true");
  for (const char* name : {"include", "include[]"}) {
    const auto include = request.parameter(name);
    if (include && *include != "message.output_text.logprobs")
      fail_field(Code::unsupported, "include", "include \"{}\" is not supported", include->substr(0, 80));
  }
  return out;
}

void get_response(Services& services, Call&& call) {
  const auto retrieval = parse_retrieval(call.request);
  const auto& id = call.parameters.at(0);
  if (const auto running = services.backgrounds.find(call.caller->holder(), id)) {
    if (!retrieval.stream) return call.answer(json::dump(running->object()));
    begin_event_stream(call);
    return running->read(call.responder, next_event(retrieval));
  }
  at_desk(services.desk, std::move(call), [&services, retrieval](Call&& at) {
    const auto stored = services.records.responses.find(at.caller->holder(), at.parameters.at(0));
    if (!stored) not_there(at.parameters.at(0));
    if (retrieval.stream) return stream_stored(services, at, *stored, retrieval);
    at.answer(stored->object);
  });
}

void delete_response(Services& services, Call&& call) {
  at_desk(services.desk, std::move(call), [&services](Call&& at) {
    const auto& id = at.parameters.at(0);
    if (const auto running = services.backgrounds.find(at.caller->holder(), id)) {
      running->cancel();
      services.backgrounds.leave(id);  // nobody finds it while its end is still to be kept
    }
    if (!services.records.responses.remove(at.caller->holder(), id)) not_there(id);
    at.answer(json::dump(json::Object{{"id", id}, {"object", "response"}, {"deleted", true}}));
  });
}

void cancel_response(Services& services, Call&& call) {
  at_desk(services.desk, std::move(call), [&services](Call&& at) {
    const auto& id = at.parameters.at(0);
    if (const auto running = services.backgrounds.find(at.caller->holder(), id)) {
      running->cancel();  // its end is stored by the next job
    } else if (const auto stored = services.records.responses.find(at.caller->holder(), id); !stored) {
      not_there(id);
    } else if (!stored->background) {
      refuse("response_id", "is of a response that was not made with background: true; it cannot be cancelled");
    }
    at_desk(services.desk, std::move(at),
            [&services](Call&& then) { answer_with(services, then, then.parameters.at(0)); });
  });
}

void response_input_items(Services& services, Call&& call) {
  const auto page = read_page(call.request, page_items_default, page_items_max);
  at_desk(services.desk, std::move(call), [&services, page](Call&& at) {
    const auto& id = at.parameters.at(0);
    const auto turns =
        services.records.responses.conversation(at.caller->holder(), id, services.settings.body_bytes_max);
    if (turns.empty()) not_there(id);
    json::Array items;
    for (const auto& turn : turns) append_items(items, turn, &turn != &turns.back());
    at.answer(list_text(page_of(std::move(items), page), page));
  });
}

}  // namespace cofre::gateway::openai
