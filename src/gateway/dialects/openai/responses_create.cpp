#include <utility>

#include "base/error.h"
#include "gateway/answer.h"
#include "gateway/assistants.h"
#include "gateway/desk.h"
#include "gateway/dialects/openai/background.h"
#include "gateway/dialects/openai/calls.h"
#include "gateway/dialects/openai/handlers.h"
#include "gateway/dialects/openai/responses.h"
#include "gateway/dialects/openai/stored.h"
#include "gateway/metering.h"

namespace cofre::gateway::openai {
namespace {

/// Stores a response when it is whole, before its caller is told the end.
class Keeping : public Outlet {
 public:
  /// `room` is given back when the response is stored, or is not.
  Keeping(Services& services, records::Response record, std::shared_ptr<ResponseWriter> writer,
          std::shared_ptr<Outlet> caller, std::shared_ptr<accounts::Room> room)
      : services_(services),
        record_(std::move(record)),
        writer_(std::move(writer)),
        caller_(std::move(caller)),
        room_(std::move(room)) {}

  void add_headers(const http::Headers& headers) override { caller_->add_headers(headers); }
  void write(const std::string& bytes) override { caller_->write(bytes); }
  void fail(const Failure& failure, Encoder& encoder) override { caller_->fail(failure, encoder); }
  void finish(std::string bytes) override {
    const auto object = writer_->object();
    record_.status = object.at("status").as_string();
    record_.object = json::dump(object);
    if (record_.input.size() + record_.object.size() > services_.settings.response_bytes_max)
      return caller_->fail(too_large(services_.settings), *writer_);
    services_.desk.put([&responses = services_.records.responses, record = std::move(record_), writer = writer_,
                        caller = caller_, room = room_, last = std::move(bytes)] {
      try {
        responses.add(record);
      } catch (const Error& error) {
        const auto failure = failure_of(503, fmt::format("the response could not be stored: {}", error.what()));
        return caller->fail(failure, *writer);
      }
      caller->finish(last);
    });
  }

 private:
  Services& services_;
  records::Response record_;
  const std::shared_ptr<ResponseWriter> writer_;
  const std::shared_ptr<Outlet> caller_;
  const std::shared_ptr<accounts::Room> room_;
};

void start_in_background(Services& services, Call&& call, ResponsesCall&& parsed, records::Response&& record,
                         std::shared_ptr<ResponseWriter> writer) {
  if (!services.models.find(parsed.request.model))
    fail_field(Code::not_found, "model", "there is no model \"{}\" here", parsed.request.model);
  const auto queued = [&] {
    auto plan = Answer::Plan{one(std::move(parsed.request)), writer};
    return Background::start(services, {*call.caller, call.request.id, call.trace}, std::move(plan), std::move(record),
                             writer);
  }();
  if (!parsed.stream) return call.answer(json::dump(queued->object()));
  begin_event_stream(call);
  queued->read(call.responder, 0);
}

void start_for_caller(Services& services, Call&& call, ResponsesCall&& parsed, records::Response&& record,
                      std::shared_ptr<ResponseWriter> writer, std::shared_ptr<accounts::Room> room) {
  Answer::Asker asker{*call.caller, call.request.id, call.trace, call.priority};
  const auto client = call.responder;
  std::shared_ptr<Outlet> outlet = std::make_shared<Connection>(std::move(call), parsed.stream);
  if (parsed.store)
    outlet = std::make_shared<Keeping>(services, std::move(record), writer, std::move(outlet), std::move(room));
  Answer::start(services, std::move(asker), {one(std::move(parsed.request)), writer}, std::move(outlet), &client);
}

/// `asked`: the model as the request names it.
void start_response(Services& services, Call&& call, ResponsesCall&& parsed, const std::string& asked) {
  const auto head = head_of(services, call, asked);
  std::shared_ptr<ResponseWriter> writer = encode_responses(head, parsed);
  auto record = record_of(services, call, head, parsed);
  const bool asks_room = parsed.store && limits_storage(services.accounts, *call.caller);
  if (!parsed.background && !asks_room)
    return start_for_caller(services, std::move(call), std::move(parsed), std::move(record), std::move(writer),
                            nullptr);
  const auto held = std::make_shared<ResponsesCall>(std::move(parsed));
  at_desk(services.desk, std::move(call), [&services, held, record, writer](Call&& at) mutable {
    // For what is known: the answer that is under way is stored whole.
    auto room = std::make_shared<accounts::Room>(room_for(services.accounts, *at.caller, record.input.size()));
    if (held->background)
      return start_in_background(services, std::move(at), std::move(*held), std::move(record), std::move(writer));
    start_for_caller(services, std::move(at), std::move(*held), std::move(record), std::move(writer), std::move(room));
  });
}

}  // namespace

void responses(Services& services, Call&& call) {
  auto body = body_of(call);
  with_assistant(services, std::move(call), body, apply_to_response,
                 [&services, asked = asked_model(body)](Call&& taken, json::Value whole) {
                   const auto previous = previous_response_of(whole);
                   if (!previous) return start_response(services, std::move(taken), parse_responses(whole), asked);
                   at_desk(services.desk, std::move(taken),
                           [&services, whole = std::move(whole), previous, asked](Call&& at) {
                             const auto earlier = items_before(services, at.caller->holder(), *previous);
                             start_response(services, std::move(at), parse_responses(whole, earlier), asked);
                           });
                 });
}

}  // namespace cofre::gateway::openai
