#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "http/message.h"
#include "json/json.h"
#include "protocol/event.h"

namespace cofre::gateway {

/// A failure as callers see it: an HTTP status and the words of OpenAI's error object. `type` and `code` are OpenAI's;
/// what its clients do with the status stands in docs/api.md.
struct Failure {
  int status = 500;
  std::string message;
  std::string type = "server_error";
  std::string param;            ///< the field at fault; empty: none
  std::string code;             ///< a word for programs; empty: none
  double retry_after_s = 0;     ///< above 0: when it may be tried again
  http::Headers headers{};      ///< that tell more
  std::optional<bool> retry{};  ///< x-should-retry, where the status alone tells clients wrong
};

Failure failure_of(const Error& error);
Failure failure_of(const protocol::Failed& failed);
/// Of an HTTP status alone: 400, 404, 405, 408, 413, ….
Failure failure_of(int status, std::string_view message);

/// Of the exception that is being handled: a Failure is itself, what is no Error either is one inside the box.
Failure current_failure();

/// The box is being stopped.
Failure stopping();
/// The key was revoked, or its time is over.
Failure key_over();

/// {"message", "type", "param", "code"}: always these four.
json::Object error_object(const Failure& failure);
/// {"error": {…}} with its status and headers.
http::Response error_response(const Failure& failure);

}  // namespace cofre::gateway
