#include "fleet/local_model.h"

#include <algorithm>

namespace cofre::fleet {
namespace {

using std::chrono::milliseconds;
using Kind = ModelState::Kind;
using Level = Notice::Level;

constexpr milliseconds pause_first{250}, pause_most{30'000};
constexpr unsigned patient_failures = 3;       ///< so many starts in a row may fail before waiting requests are told
constexpr milliseconds pulse_silence{10'000};  ///< a worker that rests tells so each second

double seconds(Clock::duration time) { return std::chrono::duration<double>(time).count(); }

std::uint64_t milliseconds_of(Clock::duration time) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, std::chrono::duration_cast<milliseconds>(time).count()));
}

}  // namespace

void LocalModel::submit(const FlowPtr& flow) {
  const auto now = Clock::now();
  if (kind_ == Kind::quarantined)
    return flow->fail(Code::unavailable, fmt::format("the model {} is quarantined: {}", settings_.name, reason_));
  if (around_.strikes.refused(flow->fingerprint, now))
    return flow->fail(Code::invalid,
                      "this request was running when a worker died, twice: it is refused for ten minutes");
  last_used_ = now;
  if (kind_ == Kind::ready) return pass_on(flow);
  if (kind_ == Kind::waiting && failures_ > patient_failures && now < retry_)
    return flow->fail(Code::unavailable, fmt::format("the model {} cannot be loaded: {}", settings_.name, reason_),
                      std::max(1.0, seconds(retry_ - now)));
  if (waiting_.size() >= around_.queue)
    return flow->fail(Code::exhausted,
                      fmt::format("{} requests wait for the model {} to load already", waiting_.size(), settings_.name),
                      5);
  if (waiting_.empty()) waiting_since_ = now;
  waiting_.push_back(flow);
  if (kind_ == Kind::idle) start(now);
  around_.changed();
}

void LocalModel::cancel(const FlowPtr& flow) {
  std::erase(waiting_, flow);
  if (active_.erase(flow->id) > 0 && worker_) worker_->send(protocol::Cancel{flow->id});
}

void LocalModel::pass_on(const FlowPtr& flow) {
  if (flow->closed.load()) return;
  if (active_.empty()) progress_ = Clock::now();
  active_.emplace(flow->id, flow);
  worker_->send_encoded(flow->submit);
}

void LocalModel::load() {
  if (kind_ != Kind::idle) return;
  last_used_ = Clock::now();
  start(last_used_);
}

void LocalModel::start(Clock::time_point now) {
  leaving_ = false;
  try {
    if (os::identify(settings_.file) != settings_.identity)
      return quarantine(fmt::format("{} was changed since it was checked; cofre verify or cofre pull mends it",
                                    settings_.file.string()));
    const std::uint64_t kv_bytes = around_.claim(*this);
    if (kv_bytes == 0) return pause(now, "it waits for memory that other models use");
    auto worker = settings_.worker;
    worker.kv_bytes = kv_bytes;
    worker.seat = seat_ = around_.free_seat();
    worker.memory_bytes = 2 * settings_.identity.bytes + kv_bytes + 2 * scratch_bytes;
    memory_bytes_ = settings_.identity.bytes + kv_bytes + scratch_bytes;
    worker_ = std::make_shared<Worker>(
        around_.loop, around_.program, worker, around_.turns,
        Worker::Calls{.frame = [this](protocol::Frame frame) { take(std::move(frame)); },
                      .ended = [this](const std::string& how, bool crash) { died(how, crash); }});
    started_ = heard_ = now;
    kind_ = Kind::loading;
    reason_.clear();
    fault_.reset();
    around_.note(Level::info, settings_.name, fmt::format("loading, process {}", worker_->process()));
  } catch (const Error& error) {
    ++failures_;
    around_.note(Level::error, settings_.name, error.what());
    fail_waiting(error.code() == Code::exhausted ? Code::exhausted : Code::unavailable,
                 fmt::format("the model {} cannot be loaded: {}", settings_.name, error.what()), 5);
    pause(now, error.what());
  }
}

void LocalModel::pause(Clock::time_point now, const std::string& reason) {
  kind_ = Kind::waiting;
  reason_ = reason;
  const auto doubled = pause_first * (1u << std::min(failures_, 10u)) / 2;
  retry_ = now + std::min<milliseconds>(doubled, pause_most);
  around_.changed();
}

void LocalModel::take(protocol::Frame frame) {
  heard_ = Clock::now();
  if (auto* event = std::get_if<protocol::StreamEvent>(&frame)) {
    take(*event);
  } else if (auto* status = std::get_if<protocol::Status>(&frame)) {
    take(*status);
  } else if (auto* ready = std::get_if<protocol::Ready>(&frame)) {
    take(std::move(*ready));
  } else {
    fail(Code::invalid, "a frame that only the gateway may send");
  }
}

void LocalModel::take(protocol::Ready ready) {
  if (kind_ != Kind::loading) fail(Code::invalid, "it is ready twice");
  kind_ = Kind::ready;
  memory_bytes_ = settings_.identity.bytes + ready.kv_bytes + scratch_bytes;
  progress_ = Clock::now();
  for (const auto& line : ready.refused)
    around_.note(Level::warning, settings_.name, "the kernel refuses a part of the sandbox: " + line);
  around_.note(Level::info, settings_.name,
               fmt::format("ready after {:.1f} s, context {}", seconds(progress_ - started_), ready.context));
  facts_ = std::move(ready);
  for (auto& flow : std::exchange(waiting_, {})) pass_on(flow);
  around_.ready(*this);
  around_.changed();
}

void LocalModel::take(const protocol::StreamEvent& event) {
  const auto found = active_.find(event.stream);
  if (event.stream == 0) {
    if (const auto* failed = std::get_if<protocol::Failed>(&event.event)) fault_ = *failed;
    return;
  }
  if (found == active_.end()) return;  // it was cancelled meanwhile
  const auto flow = found->second;
  last_used_ = heard_;
  if (protocol::is_last(event.event)) {
    active_.erase(found);
    if (std::holds_alternative<protocol::Done>(event.event)) {
      around_.strikes.clear(flow->fingerprint);
      failures_ = 0;
    }
  }
  flow->tell(event.event);
}

void LocalModel::take(const protocol::Status& status) {
  const bool moved = !status_ || status.generated_tokens != status_->generated_tokens ||
                     status.prompt_tokens != status_->prompt_tokens || status.steps != status_->steps;
  if (moved) progress_ = heard_;
  status_ = status;
  around_.changed();
}

void LocalModel::drop_worker() {
  if (!worker_) return;
  around_.turns.forget(seat_);
  worker_->abandon();
  // It may be in the middle of calling us.
  around_.loop.post([worker = std::exchange(worker_, nullptr)] {});
  status_.reset();
}

void LocalModel::died(const std::string& how, bool crash) {
  const auto now = Clock::now();
  const bool was_ready = kind_ == Kind::ready;
  drop_worker();
  ++deaths_;
  ++failures_;
  const auto reason = fault_ ? fault_->message : how;
  around_.note(Level::error, settings_.name, "the worker is gone: " + reason);
  for (const auto& [id, flow] : std::exchange(active_, {})) {
    if (crash) around_.strikes.add(flow->fingerprint, now);
    flow->fail(Code::unavailable, fmt::format("the model's worker ended while it answered ({}); try again", how), 1);
  }
  // What the worker says of the file will be the same the next time; a request need not wait for it.
  if (fault_ || failures_ > patient_failures)
    fail_waiting(fault_ ? fault_->code : Code::unavailable,
                 fmt::format("the model {} cannot be loaded: {}", settings_.name, reason), 5);
  pause(now, reason);
  if (was_ready && failures_ == 1) retry_ = now;  // at once, the first time
  if (waiting_.empty() && !settings_.preloaded && failures_ <= 1 && !fault_) kind_ = Kind::idle;
  tick(now);
}

void LocalModel::fail_waiting(Code code, const std::string& message, double retry_after_s) {
  for (const auto& flow : std::exchange(waiting_, {})) flow->fail(code, message, retry_after_s);
}

void LocalModel::stop(const std::string& message) {
  drop_worker();
  for (const auto& [id, flow] : std::exchange(active_, {})) flow->fail(Code::unavailable, message, 1);
  fail_waiting(Code::unavailable, message, 1);
  if (kind_ != Kind::quarantined) kind_ = Kind::idle;
  around_.changed();
}

void LocalModel::quarantine(const std::string& reason) {
  kind_ = Kind::quarantined;
  reason_ = reason;
  around_.note(Level::error, settings_.name, "quarantined: " + reason);
  stop(fmt::format("the model {} is quarantined: {}", settings_.name, reason));
}

void LocalModel::reconfigure(LocalSettings settings) {
  const bool mended =
      kind_ == Kind::quarantined && (settings.identity != settings_.identity || settings.sha256 != settings_.sha256);
  const bool other_worker = settings.worker.to_json() != settings_.worker.to_json();
  settings_ = std::move(settings);
  if (mended) kind_ = Kind::idle;
  if (!worker_ || !other_worker) return;
  leaving_ = true;
  again_ = settings_.preloaded;
}

void LocalModel::tick(Clock::time_point now) {
  if (worker_) watch(now);
  if (kind_ == Kind::ready && active_.empty() && waiting_.empty()) {
    const bool too_long = !settings_.preloaded && settings_.keep_alive_s >= 0 &&
                          now - last_used_ > std::chrono::seconds(settings_.keep_alive_s);
    if (leaving_ || too_long) stop("the model leaves");
    if (std::exchange(again_, false) && kind_ == Kind::idle) load();
  }
  if (!waiting_.empty() && now - waiting_since_ > around_.start_timeout)
    fail_waiting(
        Code::unavailable,
        fmt::format("the model {} is not ready: {}", settings_.name, reason_.empty() ? "it still loads" : reason_), 5);
  if (kind_ == Kind::waiting && waiting_.empty() && !settings_.preloaded && failures_ == 0) kind_ = Kind::idle;
  if (kind_ == Kind::waiting && now >= retry_ && (settings_.preloaded || !waiting_.empty())) start(now);
}

/// The worker must load in time, tell its state, and make tokens while work waits.
void LocalModel::watch(Clock::time_point now) {
  if (kind_ == Kind::loading && now - started_ > around_.start_timeout)
    return died(fmt::format("it did not load within {:.0f} s", seconds(around_.start_timeout)), false);
  if (kind_ != Kind::ready) return;
  if (!active_.empty() && now - std::max(progress_, started_) > around_.silence)
    return died(fmt::format("it made no token for {:.0f} s while work waited", seconds(now - progress_)), true);
  if (now - heard_ > std::max<milliseconds>(around_.silence, pulse_silence))
    return died(fmt::format("it was silent for {:.0f} s", seconds(now - heard_)), false);
}

ModelState LocalModel::state(Clock::time_point now) const {
  ModelState s;
  s.name = settings_.name;
  s.aliases = settings_.aliases;
  s.kind = kind_;
  s.reason = reason_;
  s.preloaded = settings_.preloaded;
  s.created_s = settings_.identity.modified_ns / 1'000'000'000;
  s.file_bytes = settings_.identity.bytes;
  s.memory_bytes = memory_bytes();
  s.facts = facts_;
  s.status = status_;
  if (s.status) s.status->token_age_ms += milliseconds_of(now - heard_);
  s.streams = active_.size() + waiting_.size();
  s.process = worker_ ? worker_->process() : 0;
  s.deaths = deaths_;
  // Its first state comes some time after it was ready, for which it had made a token.
  const auto pulse = s.status ? s.status->token_age_ms : milliseconds_of(now - progress_);
  s.healthy = kind_ == Kind::ready && pulse <= Fleet::pulse_max_ms;
  return s;
}

}  // namespace cofre::fleet
