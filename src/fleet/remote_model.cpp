#include "fleet/remote_model.h"

#include <algorithm>

#include "base/error.h"
#include "fleet/catalogue.h"
#include "os/disk.h"

namespace cofre::fleet {
namespace {

constexpr std::uint64_t key_bytes_max = 16 << 10;
constexpr std::size_t nowhere = SIZE_MAX;

std::string read_key(const std::string& path) {
  if (path.empty()) return {};
  auto key = os::read_whole(path, key_bytes_max);
  while (!key.empty() && (key.back() == '\n' || key.back() == '\r' || key.back() == ' ')) key.pop_back();
  return key;
}

/// One token: what tells whether a server still computes.
protocol::Request probe_request() {
  protocol::Request request;
  protocol::Chat chat;
  chat.messages.push_back(json::Object{{"role", "user"}, {"content", "Hi"}});
  request.task = std::move(chat);
  request.max_tokens = 1;
  request.sampling.temperature = 0;
  return request;
}

}  // namespace

RemoteModel::RemoteModel(Loop& loop, http::Calls& calls, Settings settings, std::function<void()> changed)
    : loop_(loop),
      calls_(calls),
      settings_(std::move(settings)),
      changed_(std::move(changed)),
      key_(read_key(settings_.engine.key_file)) {
  for (auto url : settings_.engine.urls) {
    while (url.ends_with('/')) url.pop_back();
    replicas_.push_back({.url = std::move(url), .reason = {}});
  }
}

bool RemoteModel::answers_to(std::string_view wanted) const {
  const auto is = [&](const std::string& text) { return lower_case(text) == wanted; };
  return is(name()) || std::any_of(settings_.aliases.begin(), settings_.aliases.end(), is);
}

void RemoteModel::submit(const FlowPtr& flow) {
  auto travel = std::make_shared<Travel>();
  travel->flow = flow;
  travel->tried.resize(replicas_.size());
  try {
    travel->call = openai_call(flow->request, settings_.engine.model.empty() ? name() : settings_.engine.model);
  } catch (const Error& error) {
    return flow->fail(error.code(), error.what(), 0, error.field());
  }
  active_.emplace(flow->id, travel);
  if (send(travel)) return;
  if (waiting_.size() >= settings_.queue) {
    active_.erase(flow->id);
    return flow->fail(Code::exhausted, fmt::format("{} requests wait for {} already", waiting_.size(), name()), 2);
  }
  waiting_.push_back(std::move(travel));
}

http::Calls::Call RemoteModel::http_call(const Replica& replica, const OpenAiCall& call) const {
  http::Calls::Call http;
  http.url = replica.url + call.path;
  http.body = call.body;
  http.key = key_;
  http.ca_file = settings_.engine.ca_file;
  http.silence_s = static_cast<long>(settings_.engine.timeout_s);
  return http;
}

/// To the best replica that was not tried. False where all that are left have all they take.
bool RemoteModel::send(const std::shared_ptr<Travel>& travel) {
  const auto rank = [this](std::size_t i) { return std::pair(!replicas_[i].good, replicas_[i].streams); };
  std::size_t best = nowhere;
  for (std::size_t i = 0; i < replicas_.size(); ++i) {
    if (travel->tried[i] || replicas_[i].streams >= static_cast<std::uint64_t>(settings_.engine.parallel)) continue;
    if (best == nowhere || rank(i) < rank(best)) best = i;
  }
  if (best == nowhere) return false;
  travel->replica = best;
  travel->tried[best] = true;
  travel->reader = std::make_unique<OpenAiReader>(travel->call.streams);
  ++replicas_[best].streams;
  auto http = http_call(replicas_[best], travel->call);
  // The number is known only after the start; answers are looked at on this thread, thus later.
  const auto number = std::make_shared<std::uint64_t>(0);
  http.bytes = [this, travel, number](std::string_view data) {
    loop_.post([this, travel, number, copy = std::string(data)] { bytes(travel, *number, copy); });
  };
  http.ended = [this, travel, number](long status, std::string text) {
    loop_.post([this, travel, number, status, text = std::move(text)] { ended(travel, *number, status, text); });
  };
  travel->number = *number = calls_.start(std::move(http));
  return true;
}

void RemoteModel::tell(Travel& travel, std::vector<protocol::Event>& events) {
  if (events.empty()) return;
  auto& replica = replicas_[travel.replica];
  replica.token = Clock::now();
  replica.good = true;
  for (auto& event : events) travel.flow->tell(std::move(event));
}

void RemoteModel::bytes(const std::shared_ptr<Travel>& travel, std::uint64_t number, std::string_view data) {
  if (travel->number != number) return;  // it moved on, or was cancelled
  std::vector<protocol::Event> events;
  try {
    travel->reader->feed(data, events);
  } catch (const Error& error) {
    tell(*travel, events);
    calls_.cancel(number);
    return move_on(travel, error.what());
  }
  tell(*travel, events);
  if (travel->flow->over) leave(*travel);
}

void RemoteModel::ended(const std::shared_ptr<Travel>& travel, std::uint64_t number, long status,
                        const std::string& text) {
  if (travel->number != number) return;
  if (status == 0) return move_on(travel, text);
  if (status != 200) {
    const auto failed = openai_failure(status, text);
    if (failed.code == Code::unavailable || failed.code == Code::exhausted) {
      const bool last = std::all_of(travel->tried.begin(), travel->tried.end(), [](bool tried) { return tried; });
      if (!last || failed.code == Code::unavailable) return move_on(travel, failed.message);
    }
    travel->flow->tell(failed);
    return leave(*travel);
  }
  std::vector<protocol::Event> events;
  try {
    travel->reader->finish(events);
  } catch (const Error& error) {
    return move_on(travel, error.what());
  }
  tell(*travel, events);
  leave(*travel);
}

/// The stream is over, or goes elsewhere.
void RemoteModel::leave(Travel& travel) {
  if (travel.number == 0) return;
  travel.number = 0;
  --replicas_[travel.replica].streams;
  if (travel.flow->over) active_.erase(travel.flow->id);
  serve_waiting();
  changed_();
}

void RemoteModel::move_on(const std::shared_ptr<Travel>& travel, const std::string& reason) {
  const bool begun = travel->reader->begun();
  auto& replica = replicas_[travel->replica];
  replica.good = false;
  replica.reason = reason;
  if (begun) {
    travel->flow->fail(Code::unavailable,
                       fmt::format("the server behind {} failed while it answered: {}", name(), reason), 1);
    return leave(*travel);
  }
  leave(*travel);
  if (send(travel)) return;
  const bool last = std::all_of(travel->tried.begin(), travel->tried.end(), [](bool tried) { return tried; });
  if (!last) return waiting_.push_back(travel);
  active_.erase(travel->flow->id);
  travel->flow->fail(Code::unavailable, fmt::format("no server behind {} answers: {}", name(), reason), 2);
}

void RemoteModel::serve_waiting() {
  while (!waiting_.empty() && send(waiting_.front())) waiting_.pop_front();
}

void RemoteModel::cancel(const FlowPtr& flow) {
  const auto found = active_.find(flow->id);
  if (found == active_.end()) return;
  const auto travel = found->second;
  active_.erase(found);
  std::erase(waiting_, travel);
  if (travel->number == 0) return;
  calls_.cancel(travel->number);
  leave(*travel);
}

void RemoteModel::stop(const std::string& message) {
  for (const auto& [id, travel] : std::exchange(active_, {})) {
    if (travel->number != 0) calls_.cancel(travel->number);
    travel->number = 0;
    travel->flow->fail(Code::unavailable, message, 1);
  }
  waiting_.clear();
}

void RemoteModel::tick(Clock::time_point now) {
  const auto pause = std::chrono::seconds(settings_.engine.probe_s);
  for (std::size_t i = 0; i < replicas_.size(); ++i) {
    const auto& replica = replicas_[i];
    // A replica that fails is asked more often, so that it comes back soon.
    const auto due = replica.good ? pause : std::min<std::chrono::seconds>(pause, std::chrono::seconds(2));
    if (!replica.probing && now - std::max(replica.asked, replica.token) >= due) probe(i, now);
  }
}

void RemoteModel::probe(std::size_t index, Clock::time_point now) {
  auto& replica = replicas_[index];
  replica.probing = true;
  replica.asked = now;
  auto http = http_call(replica,
                        openai_call(probe_request(), settings_.engine.model.empty() ? name() : settings_.engine.model));
  http.silence_s = std::min<long>(http.silence_s, 60);
  const auto reader = std::make_shared<OpenAiReader>(true);
  const auto fault = std::make_shared<std::string>();
  http.bytes = [reader, fault](std::string_view data) {
    std::vector<protocol::Event> events;
    try {
      reader->feed(data, events);
    } catch (const Error& error) {
      *fault = error.what();
    }
  };
  http.ended = [this, index, reader, fault](long status, std::string text) {
    if (status != 200 && fault->empty()) *fault = status == 0 ? text : openai_failure(status, text).message;
    loop_.post([this, index,
                fault = reader->done()   ? std::string()
                        : fault->empty() ? "it made no token"
                                         : *fault] {
      auto& asked = replicas_[index];
      asked.probing = false;
      asked.good = fault.empty();
      asked.reason = fault;
      if (asked.good) asked.token = Clock::now();
      serve_waiting();
      changed_();
    });
  };
  calls_.start(std::move(http));
}

ModelState RemoteModel::state(Clock::time_point) const {
  ModelState s;
  s.name = name();
  s.aliases = settings_.aliases;
  s.kind = ModelState::Kind::remote;
  s.streams = active_.size();
  for (const auto& replica : replicas_) {
    if (replica.good && replica.token != Clock::time_point{}) s.healthy = true;
    if (!replica.good) s.reason += fmt::format("{}{}: {}", s.reason.empty() ? "" : "; ", replica.url, replica.reason);
  }
  return s;
}

}  // namespace cofre::fleet
