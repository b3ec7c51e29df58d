#include "gateway/services.h"

#include <fmt/format.h>

#include <utility>

#include "gateway/auditor.h"
#include "gateway/errors.h"

namespace cofre::gateway {

void Call::answer(std::string body, int status) const {
  http::Response response;
  response.status = status;
  response.headers.add("Content-Type", "application/json");
  response.body = std::move(body);
  answer(std::move(response));
}

void Call::answer(http::Response response) const {
  if (trace) trace->answered(response.status);
  complete(response);
  responder.answer(std::move(response));
}

http::WebSocket Call::upgrade(http::Upgrade upgrade) const {
  if (auto refusal = http::websocket_refusal(request)) {
    auto failure = failure_of(refusal->status, refusal->body);
    failure.headers = std::move(refusal->headers);
    throw failure;
  }
  if (trace) trace->answered(101);
  for (const auto& field : headers) upgrade.headers.add(field.name, field.value);
  return responder.upgrade(request, std::move(upgrade));
}

void Call::complete(http::Response& head) const {
  for (const auto& field : headers) head.headers.add(field.name, field.value);
  const auto took = std::chrono::steady_clock::now() - began;
  head.headers.add("OpenAI-Processing-Ms",
                   fmt::format("{}", std::chrono::duration_cast<std::chrono::milliseconds>(took).count()));
}

void hand_over(Call&& call, const std::function<void(Call&&)>& work) {
  Call refused;  // what is left of the call when `work` has taken it
  refused.responder = call.responder;
  refused.headers = call.headers;
  refused.began = call.began;
  refused.trace = call.trace;
  try {
    work(std::move(call));
  } catch (...) {
    refused.answer(error_response(current_failure()));
  }
}

}  // namespace cofre::gateway
