#include "gateway/services.h"

#include <utility>

namespace cofre::gateway {

void Call::answer(std::string body, int status) const {
  http::Response response;
  response.status = status;
  response.headers.add("Content-Type", "application/json");
  response.body = std::move(body);
  answer(std::move(response));
}

void Call::answer(http::Response response) const {
  for (const auto& field : headers) response.headers.add(field.name, field.value);
  responder.answer(std::move(response));
}

}  // namespace cofre::gateway
