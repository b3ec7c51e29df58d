#include "gateway/admin/admin.h"

#include <algorithm>
#include <charconv>

#include "accounts/actions/actions.h"
#include "base/error.h"
#include "gateway/desk.h"

namespace cofre::gateway::admin {
namespace {

constexpr std::size_t query_bytes_max = 4096;

void add_once(json::Object& object, const std::string& name, json::Value value) {
  if (!object.emplace(name, std::move(value)).second) {
    fail_field(Code::invalid, name, "{}: is given twice", name.substr(0, 64));
  }
}

void add_query(json::Object& object, const http::Request& request) {
  if (request.query.size() > query_bytes_max) fail(Code::invalid, "the query is too long");
  const auto names = request.parameter_names();
  if (!names) fail(Code::invalid, "the query is no query");
  for (const auto& name : *names) {
    const auto value = request.parameter(name);
    if (!value) fail_field(Code::invalid, name, "{}: is broken", name.substr(0, 64));
    add_once(object, name, json::Value(*value));
  }
}

/// "/admin/v1/users/{user}/keys/{key}": "user", "key".
std::vector<std::string> names_in(std::string_view pattern) {
  std::vector<std::string> names;
  while (true) {
    const auto begin = pattern.find('{');
    if (begin == pattern.npos) return names;
    const auto end = pattern.find('}', begin);
    names.emplace_back(pattern.substr(begin + 1, end - begin - 1));
    pattern.remove_prefix(end + 1);
  }
}

json::Value id_or_name(const std::string& text) {
  std::int64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error == std::errc() && end == text.data() + text.size() && id > 0) return id;
  return json::Value(text);
}

}  // namespace

void at_desk(Services& services, Call&& call, std::function<http::Response(Services&, Call&)> work) {
  gateway::at_desk(services.office, std::move(call),
                   [&services, work = std::move(work)](Call&& asked) { asked.answer(work(services, asked)); });
}

http::Response json_response(const json::Object& object) {
  http::Response response;
  response.headers.add("Content-Type", "application/json");
  response.headers.add("Cache-Control", "no-store");
  response.body = json::dump(object);
  return response;
}

accounts::Actor actor_of(const Call& call) {
  auto actor = accounts::Actor::of(*call.caller, call.request.peer);
  actor.certificate = call.request.certificate;
  return actor;
}

json::Object request_of(const Call& call) {
  json::Object object;
  if (!call.request.body.empty()) {
    auto body = json::parse(call.request.body);
    if (!body.is_object()) fail(Code::invalid, "the body must be a JSON object");
    object = std::move(body.get_object());
  }
  add_query(object, call.request);
  const auto names = names_in(call.pattern);
  for (std::size_t i = 0; i < names.size(); ++i) add_once(object, names[i], id_or_name(call.parameters.at(i)));
  return object;
}

void act_named(std::string_view action, Services& services, Call&& call) {
  at_desk(services, std::move(call), [action](Services& with, Call& asked) {
    const auto answer = accounts::act(with.accounts, actor_of(asked), action, request_of(asked));
    const auto* csv = answer.if_contains("csv");
    if (csv == nullptr) return json_response(answer);
    http::Response response;
    response.headers.add("Cache-Control", "no-store");
    response.headers.add("Content-Type", "text/csv; charset=utf-8");
    response.body = csv->as_string();
    return response;
  });
}

}  // namespace cofre::gateway::admin
