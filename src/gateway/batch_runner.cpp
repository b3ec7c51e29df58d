#include "gateway/batch_runner.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "accounts/person_name.h"
#include "base/error.h"
#include "gateway/auditor.h"
#include "gateway/errors.h"
#include "gateway/route_table.h"

namespace cofre::gateway {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr std::size_t works_max = 64;                                     ///< batches that run at once
constexpr unsigned attempts_max = 10;                                     ///< at a line that the box answers with 503
constexpr auto look_period = 30s;                                         ///< batches whose window ends are noticed
constexpr std::chrono::milliseconds wait_least = 200ms, wait_most = 30s;  ///< until a line is asked again
constexpr int batch_priority = -1;

std::uint64_t number_at(const json::Value* object, std::string_view key) {
  const auto* value = object != nullptr && object->is_object() ? object->get_object().if_contains(key) : nullptr;
  return value != nullptr && value->is_int64() && value->get_int64() > 0
             ? static_cast<std::uint64_t>(value->get_int64())
             : 0;
}

/// As chats, completions and embeddings tell it, or as responses do.
protocol::Usage usage_of(const std::string& body) {
  const auto value = json::parse(body);
  const auto* usage = value.is_object() ? value.get_object().if_contains("usage") : nullptr;
  if (usage == nullptr || !usage->is_object()) return {};
  const auto& object = usage->get_object();
  const auto sum = [&](std::string_view chats, std::string_view responses, std::string_view detail) {
    std::uint64_t number = 0;
    for (const auto name : {chats, responses}) {
      if (detail.empty()) {
        number += number_at(usage, name);
      } else if (const auto* details = object.if_contains(name)) {
        number += number_at(details, detail);
      }
    }
    return number;
  };
  return {sum("prompt_tokens", "input_tokens", ""),
          sum("prompt_tokens_details", "input_tokens_details", "cached_tokens"),
          sum("completion_tokens", "output_tokens", ""),
          sum("completion_tokens_details", "output_tokens_details", "reasoning_tokens")};
}

/// A line of the output or error file. `body` is JSON already.
std::string output_line(const std::string& custom_id, int status, std::string_view request_id, std::string_view body) {
  return fmt::format(
      R"({{"id":{},"custom_id":{},"response":{{"status_code":{},"request_id":{},"body":{}}},"error":null}})",
      json::quote(records::new_id("batch_req_")), json::quote(custom_id), status, json::quote(request_id),
      body.empty() ? "null" : body);
}

std::string left_line(const std::string& custom_id, std::string_view code, std::string_view message) {
  return json::dump(json::Object{{"id", records::new_id("batch_req_")},
                                 {"custom_id", custom_id},
                                 {"response", nullptr},
                                 {"error", json::Object{{"code", code}, {"message", message}}}});
}

/// When to ask again: as the answer says, else twice as long as the last time.
std::chrono::milliseconds patience(const http::Response& response, unsigned attempts) {
  const std::chrono::milliseconds doubled = wait_least * (1 << std::min(attempts, 8u));
  std::int64_t told_ms = 0;
  if (const auto header = response.headers.find("retry-after-ms"))
    std::from_chars(header->data(), header->data() + header->size(), told_ms);
  return std::clamp<std::chrono::milliseconds>(std::max(doubled, std::chrono::milliseconds(told_ms)), wait_least,
                                               wait_most);
}

/// Whether the box, and not the request, is why there is no answer.
bool may_be_asked_again(const http::Response& response, unsigned attempts) {
  if (response.headers.find("x-should-retry") == "false") return false;
  return response.status == 429 || (response.status == 503 && attempts < attempts_max);
}

bool has_ended_well(int status) { return status >= 200 && status < 300; }

}  // namespace

void BatchRunner::start() {
  thread_ = std::thread([this] { work(); });
}

void BatchRunner::stop() {
  if (!thread_.joinable()) return;
  {
    const std::scoped_lock lock(inbox_->mutex);
    inbox_->stopping = true;
  }
  inbox_->changed.notify_one();
  thread_.join();
}

std::function<void()> BatchRunner::waker() const {
  return [inbox = inbox_] {
    {
      const std::scoped_lock lock(inbox->mutex);
      inbox->news = true;
    }
    inbox->changed.notify_one();
  };
}

bool BatchRunner::has_room() const { return flights_.size() < services_.settings.batch_lines; }

void BatchRunner::work() {
  while (true) {
    std::vector<std::uint64_t> landed;
    {
      std::unique_lock lock(inbox_->mutex);
      auto until = next_look_;
      for (const auto& [number, one] : works_)
        if (!one.again.empty() && has_room()) until = std::min(until, one.again.front().due);
      inbox_->changed.wait_until(lock, until,
                                 [&] { return inbox_->stopping || inbox_->news || !inbox_->landed.empty(); });
      if (inbox_->stopping) break;
      landed = std::exchange(inbox_->landed, {});
      if (std::exchange(inbox_->news, false)) next_look_ = {};
    }
    for (const auto flight : landed) land(flight);
    if (steady_clock::now() >= next_look_) look();
    fill();
    end_whole();
  }
  for (auto& [flight, asked] : flights_) asked.exchange->close();
}

void BatchRunner::look() {
  next_look_ = steady_clock::now() + look_period;
  try {
    const auto open = services_.records.batches.open();
    leave_missing(open);
    for (const auto& batch : open) look_at(batch);
  } catch (const Error& error) {
    note_error({}, error);
  }
}

/// Batches that are no more: whose they were was erased.
void BatchRunner::leave_missing(const std::vector<records::Batch>& open) {
  for (auto at = works_.begin(); at != works_.end();) {
    const auto number = at->first;
    const bool is_open =
        std::any_of(open.begin(), open.end(), [&](const auto& batch) { return batch.number == number; });
    if (!is_open) drop_flights(number);
    at = is_open ? std::next(at) : works_.erase(at);
  }
}

void BatchRunner::look_at(const records::Batch& batch) {
  try {
    if (batch.status == Status::finalizing) return finish(batch);
    auto status = batch.status;
    if (status != Status::cancelling && !services_.accounts.keys.caller(batch.key_id)) {
      services_.records.batches.cancel_of_key(
          batch.key_id, records::fault("key_ended", "the key that made this batch was revoked, or its time is over"));
      status = Status::cancelling;
    }
    if (status == Status::cancelling) return end_early(batch, Status::cancelled);
    if (batch.expires <= services_.records.now()) return end_early(batch, Status::expired);
    const auto is_same_tenants = [&](const auto& one) { return one.second.batch.tenant == batch.tenant; };
    if (works_.size() < works_max && std::none_of(works_.begin(), works_.end(), is_same_tenants)) open(batch);
  } catch (const Error& error) {
    give_up(batch, error);
  }
}

/// Until the next look; a full disk passes, but a file that is not what was written does not.
void BatchRunner::give_up(const records::Batch& batch, const Error& error) {
  const bool passes = error.code() == Code::exhausted || error.code() == Code::unavailable;
  note_error(batch.id, error);
  drop_flights(batch.number);
  if (!passes) services_.records.batches.fail(batch.number, {records::fault("internal_error", error.what())});
  works_.erase(batch.number);
}

void BatchRunner::finish(const records::Batch& batch) {
  services_.records.batches.end(batch, Status::completed);
  note(batch, "completed");
}

void BatchRunner::open(const records::Batch& batch) {
  const auto& records = services_.records;
  const auto lines = [&] {
    return BatchLines(records.files.open(batch.tenant, batch.input_file), services_.settings.body_bytes_max);
  };
  if (batch.status == Status::validating) {
    const auto checked = check_batch_lines(lines(), batch.endpoint);
    if (!checked.faults.empty()) {
      services_.records.batches.fail(batch.number, checked.faults);
      return note(batch, "failed");
    }
    services_.records.batches.begin(batch.number, checked.total);
  }
  works_.emplace(batch.number, Work{.batch = batch,
                                    .caller = services_.accounts.keys.caller(batch.key_id).value(),
                                    .lines = lines(),
                                    .answered = records.batches.answered(batch.number),
                                    .is_read = false,
                                    .flying = 0,
                                    .again = {}});
  note(batch, "in_progress");
}

/// With what is answered so far; of an expired one the error file tells what was left.
void BatchRunner::end_early(const records::Batch& batch, Status status) {
  drop_flights(batch.number);
  works_.erase(batch.number);
  std::optional<BatchLines> lines;
  const auto answered = services_.records.batches.answered(batch.number);
  if (status == Status::expired)
    lines.emplace(services_.records.files.open(batch.tenant, batch.input_file), services_.settings.body_bytes_max);
  services_.records.batches.end(batch, status, [&]() -> std::optional<std::string> {
    while (auto line = lines ? lines->next() : std::nullopt) {
      if (answered.contains(line->number) || line->is_too_long) continue;
      return left_line(parse_batch_line(line->text, batch.endpoint).custom_id, "batch_expired",
                       "This request could not be executed before the completion window expired.");
    }
    return std::nullopt;
  });
  note(batch, records::name_of(status));
}

void BatchRunner::fill() {
  // From the batch behind the one whose turn it was, until none has a line to ask.
  if (!services_.auditor.accepts()) return;  // until the next look
  std::size_t without = 0;
  while (has_room() && without < works_.size()) {
    auto at = works_.upper_bound(last_);
    if (at == works_.end()) at = works_.begin();
    last_ = at->first;
    try {
      auto asked = next_of(at->second);
      without = asked ? 0 : without + 1;
      if (asked) ask(at->second, std::move(*asked));
    } catch (const Error& error) {
      const auto batch = at->second.batch;
      give_up(batch, error);
    }
  }
}

std::optional<BatchRunner::Asked> BatchRunner::next_of(Work& work) {
  if (!work.again.empty()) {
    // While the box is too busy for one line, no other is asked.
    if (work.again.front().due > steady_clock::now()) return std::nullopt;
    auto asked = std::move(work.again.front());
    work.again.pop_front();
    return asked;
  }
  while (!work.is_read) {
    auto line = work.lines.next();
    work.is_read = !line.has_value();
    if (line && !work.answered.contains(line->number)) {
      Asked asked;
      asked.batch = work.batch.number;
      asked.line = line->number;
      asked.text = std::move(line->text);
      return asked;
    }
  }
  return std::nullopt;
}

void BatchRunner::ask(Work& work, Asked asked) {
  auto line = parse_batch_line(asked.text, work.batch.endpoint);  // as when it was checked
  const auto flight = ++flights_begun_;
  asked.custom_id = std::move(line.custom_id);
  asked.request_id = records::new_id("req_");
  asked.exchange = std::make_shared<http::Exchange>(0, [inbox = inbox_, flight] {
    {
      const std::scoped_lock lock(inbox->mutex);
      inbox->landed.push_back(flight);
    }
    inbox->changed.notify_one();
  });
  Call call;
  call.request.method = "POST";
  call.request.path = work.batch.endpoint;
  call.request.headers.add("Content-Type", "application/json");
  call.request.body = json::dump(line.body);
  call.request.id = asked.request_id;
  call.request.peer = "batch";
  const auto match = find_route("POST", work.batch.endpoint);
  CHECK(match.route != nullptr);
  call.pattern = match.route->pattern;
  call.trace = services_.auditor.trace(call.request, call.pattern);
  if (call.trace) {
    call.trace->asked_by(accounts::person_name(services_.accounts.directory, work.caller.user));
    call.trace->of_batch(work.batch.id, asked.line);
  }
  call.responder = http::Responder(asked.exchange);
  call.caller = work.caller;
  call.priority = batch_priority;
  ++work.flying;
  flights_.emplace(flight, std::move(asked));
  run_route(*match.route, services_, std::move(call));
}

void BatchRunner::land(std::uint64_t flight) {
  const auto found = flights_.find(flight);
  if (found == flights_.end()) return;  // its batch has ended
  auto taken = found->second.exchange->take();
  if (!taken.whole && !taken.broken && !taken.ended) return;
  http::Response response;
  if (taken.whole) {
    response = found->second.exchange->head();
    response.body = std::move(taken.bytes);
  } else {
    response = error_response(failure_of(500, "the request was not answered"));
  }
  auto asked = std::move(found->second);
  flights_.erase(found);
  auto& work = works_.at(asked.batch);
  --work.flying;
  asked.exchange = nullptr;
  if (!keep(work, asked, response)) {
    asked.due = steady_clock::now() + patience(response, asked.attempts++);
    const auto later = [](const Asked& one, const Asked& other) { return one.due < other.due; };
    work.again.insert(std::upper_bound(work.again.begin(), work.again.end(), asked, later), std::move(asked));
  }
}

bool BatchRunner::keep(Work& work, Asked& asked, const http::Response& response) {
  if (may_be_asked_again(response, asked.attempts)) return false;
  if (response.status == 401 && !work.caller.is_valid()) {
    next_look_ = {};  // which cancels it
    return false;
  }
  const bool is_error = !has_ended_well(response.status);
  try {
    services_.records.batches.answer(
        asked.batch, {.line = asked.line,
                      .is_error = is_error,
                      .text = output_line(asked.custom_id, response.status, asked.request_id, response.body),
                      .usage = is_error ? protocol::Usage{} : usage_of(response.body)});
    return true;
  } catch (const Error& error) {  // a full disk, say: nothing is lost but the work
    note_error(work.batch.id, error);
    return false;
  }
}

void BatchRunner::end_whole() {
  for (auto at = works_.begin(); at != works_.end();) {
    const auto& [number, work] = *at;
    if (!work.is_read || work.flying > 0 || !work.again.empty()) {
      ++at;
      continue;
    }
    auto batch = work.batch;
    at = works_.erase(at);
    next_look_ = {};  // the tenant's next one begins
    try {
      services_.records.batches.finalize(batch.number);
    } catch (const Error& error) {  // it is found again as it was
      next_look_ = steady_clock::now() + look_period;
      note_error(batch.id, error);
    }
  }
}

void BatchRunner::drop_flights(std::int64_t batch) {
  for (auto at = flights_.begin(); at != flights_.end();) {
    if (at->second.batch != batch) {
      ++at;
      continue;
    }
    const auto exchange = at->second.exchange;
    at = flights_.erase(at);
    exchange->close();
  }
}

void BatchRunner::note_error(const std::string& batch, const Error& error) const {
  if (services_.settings.log) services_.settings.log("batch", {{"batch", batch}, {"error", error.what()}});
}

void BatchRunner::note(const records::Batch& batch, std::string_view what) const {
  if (services_.settings.log)
    services_.settings.log("batch", {{"batch", batch.id}, {"key_id", batch.key_id}, {"status", what}});
}

}  // namespace cofre::gateway
