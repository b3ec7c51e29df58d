#include "gateway/outlet.h"

#include <utility>

namespace cofre::gateway {

void begin_event_stream(const Call& call, std::string first) {
  http::Response head;
  head.headers = {
      {"Content-Type", "text/event-stream; charset=utf-8"}, {"Cache-Control", "no-cache"}, {"X-Accel-Buffering", "no"}};
  call.complete(head);
  head.body = std::move(first);
  call.responder.begin(std::move(head), ":\n\n");
}

void Connection::add_headers(const http::Headers& headers) {
  for (const auto& field : headers) call_.headers.add(field.name, field.value);
}

void Connection::write(const std::string& bytes) {
  if (!stream_) return;
  if (!std::exchange(begun_, true)) {
    begin_event_stream(call_, bytes);
  } else if (!bytes.empty()) {
    call_.responder.write(bytes);  // a reader that has gone is told by on_close
  }
}

void Connection::finish(std::string bytes) {
  if (!stream_) return call_.answer(std::move(bytes));
  write(bytes);
  call_.responder.end();
}

void Connection::fail(const Failure& failure, Encoder& encoder) {
  if (!begun_) return call_.answer(error_response(failure));
  call_.responder.write(encoder.fail(failure));
  call_.responder.end();
}

}  // namespace cofre::gateway
