#include "gateway/errors.h"

#include <algorithm>
#include <cmath>

#include "os/disk.h"

namespace cofre::gateway {
namespace {

const char* type_of(int status) {
  switch (status) {
    case 401: return "authentication_error";
    case 403: return "permission_error";
    case 404: return "not_found_error";
    case 429: return "requests";
    case 501: return "not_supported_error";
    case 503: return "unavailable_error";
    default: return status < 500 ? "invalid_request_error" : "server_error";
  }
}

Failure failure_of(Code code, std::string message, std::string field) {
  Failure failure;
  switch (code) {
    case Code::invalid: failure.status = 400; break;
    case Code::not_found: failure.status = 404; break;
    case Code::unsupported: failure.status = field.empty() ? 501 : 400; break;
    case Code::exhausted: failure.status = 429; break;
    case Code::unavailable: failure.status = 503; break;
    case Code::cancelled: failure.status = 503; break;
    case Code::internal: failure.status = 500; break;
  }
  failure.type = type_of(failure.status);
  failure.message = std::move(message);
  failure.param = std::move(field);
  if (code == Code::not_found && failure.param == "model") failure.code = "model_not_found";
  if (code == Code::unsupported && failure.status == 400) failure.code = "unsupported_parameter";
  if (failure.status == 501) failure.retry = false;  // clients try every 5xx again, however hopeless
  if (code == Code::exhausted && failure.param == os::full_disk) {
    failure.status = 507;
    failure.type = type_of(failure.status);
    failure.param.clear();
    failure.code = "insufficient_storage";
    failure.retry = false;  // a person has to make space
  } else if (code == Code::exhausted) {
    failure.code = "rate_limit_exceeded";
    failure.retry_after_s = 1;
  }
  if (code == Code::unavailable) failure.retry_after_s = 1;
  if (code == Code::internal) failure.message = "an error inside the box: " + failure.message;
  return failure;
}

}  // namespace

Failure failure_of(const Error& error) { return failure_of(error.code(), error.what(), error.field()); }

Failure failure_of(const protocol::Failed& failed) {
  auto failure = failure_of(failed.code, failed.message, failed.field);
  if (!failed.reason.empty()) failure.code = failed.reason;
  if (failed.retry_after_s > 0) failure.retry_after_s = failed.retry_after_s;
  return failure;
}

Failure failure_of(int status, std::string_view message) {
  Failure failure;
  failure.status = status;
  failure.type = type_of(status);
  failure.message = std::string(message);
  return failure;
}

Failure current_failure() {
  try {
    throw;
  } catch (const Failure& failure) {
    return failure;
  } catch (const Error& error) {
    return failure_of(error);
  } catch (const std::exception& error) {
    return failure_of(Code::internal, error.what(), {});
  }
}

Failure stopping() {
  auto failure = failure_of(503, "the box is stopping");
  failure.retry_after_s = 5;
  return failure;
}

Failure key_over() {
  auto failure = failure_of(401, "the key is no longer valid");
  failure.code = "invalid_api_key";
  return failure;
}

json::Object error_object(const Failure& failure) {
  const auto or_null = [](const std::string& text) { return text.empty() ? json::Value() : json::Value(text); };
  return {{"message", failure.message},
          {"type", failure.type},
          {"param", or_null(failure.param)},
          {"code", or_null(failure.code)}};
}

http::Response error_response(const Failure& failure) {
  http::Response response;
  response.status = failure.status;
  response.headers.add("Content-Type", "application/json");
  if (failure.status == 401) response.headers.add("WWW-Authenticate", "Bearer");
  if (failure.retry_after_s > 0) {
    // Clients give up where they are told more than 120 s: that is only said where they shall.
    const double seconds = failure.retry ? failure.retry_after_s : std::min(failure.retry_after_s, 120.0);
    response.headers.add("Retry-After", fmt::format("{:.0f}", std::max(1.0, std::ceil(seconds))));
    response.headers.add("Retry-After-Ms", fmt::format("{:.0f}", std::ceil(seconds * 1000)));
  }
  for (const auto& field : failure.headers) response.headers.add(field.name, field.value);
  if (failure.retry) response.headers.add("X-Should-Retry", *failure.retry ? "true" : "false");
  response.body = json::dump(json::Object{{"error", error_object(failure)}});
  return response;
}

}  // namespace cofre::gateway
