#include "gateway/outlet.h"

#include <utility>

namespace cofre::gateway {

http::Response event_stream_head() {
  http::Response head;
  head.headers = {
      {"Content-Type", "text/event-stream; charset=utf-8"}, {"Cache-Control", "no-cache"}, {"X-Accel-Buffering", "no"}};
  return head;
}

void Connection::add_headers(const http::Headers& headers) {
  for (const auto& field : headers) call_.headers.add(field.name, field.value);
}

void Connection::write(const std::string& bytes) {
  if (!stream_) return;
  if (!std::exchange(begun_, true)) {
    auto head = event_stream_head();
    call_.complete(head);
    head.body = bytes;
    call_.responder.begin(std::move(head), event_stream_idle);
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
