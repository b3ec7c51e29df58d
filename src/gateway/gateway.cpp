#include "gateway/gateway.h"

#include <algorithm>
#include <cctype>

#include "accounts/person_name.h"
#include "gateway/credentials.h"
#include "gateway/errors.h"
#include "gateway/route_table.h"

namespace cofre::gateway {
namespace {

constexpr std::size_t client_id_max = 128;
constexpr std::chrono::minutes sweep_period{1};
constexpr std::uint64_t small_body_bytes = 1 << 20;
constexpr std::uint64_t model_bytes_max = std::uint64_t{1} << 40;

/// Routes that leave no record: /health is asked every few seconds by whoever watches, and the console's files are for
/// anybody. They tell nothing of anybody.
bool leaves_no_record(std::string_view pattern) {
  return pattern == "/health" || pattern == "/" || pattern == "/setup" || pattern == "/console/" ||
         pattern == "/console/{path...}";
}

Failure audit_is_full() {
  auto failure = failure_of(503, "the audit trail cannot be written: the box takes no requests until it can");
  failure.retry_after_s = 5;
  return failure;
}

bool is_token(std::string_view text, std::string_view more) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || more.find(c) != std::string_view::npos;
  });
}

}  // namespace

Gateway::Gateway(Models& models, accounts::Accounts& accounts, records::Records& records, Settings settings)
    : settings_(std::move(settings)),
      accounts_(accounts),
      figures_(models, *flights_, metrics_),
      auditor_(settings_.audit),
      services_{models,    accounts, *flights_,    metrics_, figures_, auditor_, office_,   audits_,
                settings_, records,  backgrounds_, desk_,    batches_, jobs_,    entrance_, arrivals_},
      batches_(services_) {
  records.responses.fail_queued("server_error", "the box stopped before this response was whole");
  records.chats.fail_queued("server_error", "the box stopped before this answer was whole");
  // The watch outlives the gateway: it holds the list of flights itself.
  const auto end = [flights = flights_, wake_batches = batches_.waker()](std::int64_t key_id) {
    flights->end_key(key_id);
    wake_batches();
  };
  accounts_.keys.watch(end);
  accounts_.sessions.watch(end);
  batches_.start();
}
Gateway::~Gateway() {
  batches_.stop();
  flights_->end_all();
}

void Gateway::change(const Settings& settings) {
  settings_.body_bytes_max = settings.body_bytes_max;
  settings_.file_bytes_max = settings.file_bytes_max;
  settings_.requests_per_key = settings.requests_per_key;
  settings_.batches_per_key = settings.batches_per_key;
  settings_.batch_lines = settings.batch_lines;
  settings_.cors_origins = settings.cors_origins;
  settings_.reasoning_field = settings.reasoning_field;
}

void Gateway::tick() {
  figures_.tick();
  const auto now = std::chrono::steady_clock::now();
  if (now - swept_ < sweep_period) return;
  swept_ = now;
  backgrounds_.keep_again();
  desk_.put([this] { sweep(); });
}

/// At the desk; some at once, so that others get their turn.
void Gateway::sweep() {
  try {
    const auto swept = services_.records.sweep();
    if (swept.removed > 0) note_swept(swept);
    if (swept.more) desk_.put([this] { sweep(); });
  } catch (const Error& error) {
    if (settings_.log) settings_.log("sweep", {{"error", error.what()}});
  }
}

void Gateway::note_swept(const records::Swept& swept) {
  json::Object facts{{"kind", swept.kind}, {"removed", swept.removed}};
  if (settings_.log) settings_.log("retention", facts);
  if (settings_.audit == nullptr) return;
  settings_.audit->record({.action = "retention.sweep", .outcome = "ok", .facts = std::move(facts)});
}

bool Gateway::allows_origin(std::string_view origin) const {
  const auto allowed = settings_.cors_origins.get();
  return std::any_of(allowed->begin(), allowed->end(),
                     [&](const std::string& one) { return one == "*" || one == origin; });
}

http::Headers Gateway::common_headers(const http::Request& request) const {
  http::Headers headers = {{"X-Content-Type-Options", "nosniff"}};
  const auto given = request.headers.find("x-request-id");
  if (given && !given->empty() && given->size() <= client_id_max && is_token(*given, "-_.:"))
    headers.add("X-Request-Id", std::string(*given));
  if (settings_.cors_origins.get()->empty()) return headers;
  headers.add("Vary", "Origin");
  if (const auto origin = request.headers.find("origin"); origin && allows_origin(*origin)) {
    headers.add("Access-Control-Allow-Origin", std::string(*origin));
    headers.add("Access-Control-Expose-Headers",
                "X-Request-Id, OpenAI-Processing-Ms, Retry-After, Retry-After-Ms, X-Should-Retry, "
                "X-RateLimit-Limit-Requests, X-RateLimit-Remaining-Requests, X-RateLimit-Reset-Requests, "
                "X-RateLimit-Limit-Tokens, X-RateLimit-Remaining-Tokens, X-RateLimit-Reset-Tokens");
  }
  return headers;
}

http::Response Gateway::preflight(const http::Request& request, std::string_view allowed) const {
  http::Response response;
  response.status = 204;
  response.headers = common_headers(request);
  response.headers.add("Allow", std::string(allowed));
  if (!response.headers.find("access-control-allow-origin")) return response;
  response.headers.add("Access-Control-Allow-Methods", std::string(allowed));
  response.headers.add("Access-Control-Max-Age", "600");
  const auto wanted = request.headers.find("access-control-request-headers");
  if (wanted && wanted->size() <= 2048 && is_token(*wanted, "-_, "))
    response.headers.add("Access-Control-Allow-Headers", std::string(*wanted));
  return response;
}

http::Response Gateway::refusal(const http::Request& request, const Failure& failure) const {
  auto response = error_response(failure);
  for (const auto& field : common_headers(request)) response.headers.add(field.name, field.value);
  return response;
}

http::Admission Gateway::admit(const http::Request& head) {
  const auto match = find_route(head.method, head.path);
  if (match.route == nullptr) {
    if (match.allowed.empty()) {
      auditor_.refused(head, "none", 404, "not_found", {});
      return {0, refusal(head, failure_of(404, "there is nothing at " + head.path.substr(0, 200)))};
    }
    if (head.method == "OPTIONS") return {0, preflight(head, match.allowed)};
    auditor_.refused(head, "none", 405, "method", {});
    auto response = refusal(head, failure_of(405, "this path takes: " + match.allowed));
    response.headers.add("Allow", match.allowed);
    return {0, std::move(response)};
  }
  try {
    if (match.route->scope) authenticate(accounts_, head, *match.route->scope);
    if (match.route->scope && !auditor_.accepts()) throw audit_is_full();
    switch (match.route->body) {
      case Body::none: return {};
      case Body::small: return {small_body_bytes};
      case Body::json: return {*settings_.body_bytes_max.get()};
      case Body::model: return {model_bytes_max, {}, match.route->receiver(services_, head)};
      case Body::file: return {settings_.file_bytes_max + form_bytes_max, {}, match.route->receiver(services_, head)};
    }
  } catch (const Failure& failure) {
    note_refusal(head, *match.route, failure);
    return {0, refusal(head, failure)};
  } catch (...) {
    return {0, refusal(head, current_failure())};
  }
  CHECK(false);
  return {};
}

void Gateway::note_refusal(const http::Request& head, const Route& route, const Failure& failure) {
  std::optional<accounts::Caller> caller;
  if (failure.status != 401) {
    if (const auto key = presented_key(head)) {
      caller = accounts_.keys.authenticate(*key, head.peer);
    } else if (head.certificate && !presented_session(head)) {
      caller = accounts_.keys.authenticate(*head.certificate, head.peer);
    }
  }
  const auto who = caller ? accounts::person_name(accounts_.directory, caller->user) : std::string();
  const auto& why = failure.code.empty() ? failure.type : failure.code;
  auditor_.refused(head, route.pattern, failure.status, why, who);
}

/// What a model writes says so in a header too.
void Gateway::label(Call& call) const {
  const std::string_view path = call.request.path;
  const bool is_of_chats = path.starts_with("/console/v1/chats/");
  const bool generates = call.request.method == "POST" && (path.starts_with("/v1/") || is_of_chats);
  const bool exports = is_of_chats && path.ends_with("/export");
  const bool says_so = call.caller && (generates || exports);
  const auto rules = says_so && settings_.content_rules ? settings_.content_rules() : nullptr;
  if (!rules) return;
  const auto tenant = accounts_.directory.find_tenant(static_cast<std::int64_t>(call.caller->tenant));
  const auto label = rules->label(tenant ? tenant->name : std::string());
  if (label && !label->producer.empty()) call.headers.add("AIGC", rules::aigc(*label, call.request.id));
}

void Gateway::handle(http::Request request, http::Responder responder) {
  auto match = find_route(request.method, request.path);
  CHECK(match.route != nullptr);  // admit() saw to it
  Call call;
  call.headers = common_headers(request);
  call.request = std::move(request);
  call.responder = responder;
  call.pattern = match.route->pattern;
  call.parameters = std::move(match.parameters);
  if (!leaves_no_record(match.route->pattern)) call.trace = auditor_.trace(call.request, match.route->pattern);
  try {
    if (match.route->scope) call.caller = authenticate(accounts_, call.request, *match.route->scope);
    if (call.trace && call.caller) call.trace->asked_by(accounts::person_name(accounts_.directory, call.caller->user));
    label(call);
  } catch (...) {
    return call.answer(error_response(current_failure()));
  }
  run_route(*match.route, services_, std::move(call));
}

http::Response Gateway::refuse(int status, std::string_view message) {
  return error_response(failure_of(status, message));
}

void Gateway::finished(const http::Record& record) {
  const auto match = find_route(record.method, record.path);
  const std::string_view route = match.route != nullptr ? match.route->pattern : "none";
  metrics_.request(route, record.status, record.took);
  if (!settings_.log) return;
  json::Object fields{{"id", record.id},
                      {"peer", record.peer},
                      {"method", record.method.substr(0, 16)},
                      {"route", route},
                      {"status", record.status},
                      {"bytes_in", record.bytes_in},
                      {"bytes_out", record.bytes_out},
                      {"us", record.took.count()}};
  if (record.cut) fields["cut"] = true;
  settings_.log("request", fields);
}

}  // namespace cofre::gateway
