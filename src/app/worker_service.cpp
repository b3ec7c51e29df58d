#include "app/worker_service.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <future>
#include <span>

#include "base/error.h"
#include "serving/bench.h"

namespace cofre::app {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds pulse_busy{100}, pulse_idle{1000};
constexpr milliseconds probe_after{5000};  ///< of rest: half of what health allows
constexpr std::size_t unread_bytes_max = 256u << 20;
constexpr int lowest_priority = -1000;
constexpr std::uint64_t probe_tenant = UINT64_MAX;

/// Answered when nobody else asks.
protocol::Request probe_request(const serving::ModelService& service) {
  auto request = service.probe();
  request.id = "self-probe";
  request.tenant = probe_tenant;
  request.priority = lowest_priority;
  return request;
}

}  // namespace

Outgoing::~Outgoing() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  ready_.notify_one();
  thread_.join();
}

void Outgoing::push(const protocol::Frame& frame) {
  auto bytes = protocol::encode(frame);
  const std::lock_guard lock(mutex_);
  bytes_ += bytes.size();
  if (bytes_ > unread_bytes_max) broken_.store(true);
  if (broken_) return;
  queue_.push_back(std::move(bytes));
  ready_.notify_one();
}

void Outgoing::write() {
  for (;;) {
    std::string bytes;
    {
      std::unique_lock lock(mutex_);
      ready_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      // What piled up goes out in one piece.
      for (auto& one : queue_) bytes += one;
      queue_.clear();
      bytes_ = 0;
    }
    for (std::size_t at = 0; at < bytes.size();) {
      const auto sent = ::send(socket_, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent <= 0) {
        broken_.store(true);
        return;
      }
      at += static_cast<std::size_t>(sent);
    }
  }
}

void WorkerService::prove() {
  std::promise<protocol::Event> last;
  const auto answer = service_.start(probe_request(service_), [&](protocol::Event event) {
    if (protocol::is_last(event)) last.set_value(std::move(event));
  });
  const auto event = last.get_future().get();
  if (const auto* failed = std::get_if<protocol::Failed>(&event))
    fail(failed->code, "the model does not work: {}", failed->message);
}

void WorkerService::run() {
  pulse(Clock::now());  // right behind "ready": from the first moment there is a state to tell
  while (!outgoing_.broken()) {
    pollfd waiting{socket_, POLLIN, 0};
    const auto wait = busy() ? pulse_busy : pulse_idle;
    const int ready = ::poll(&waiting, 1, static_cast<int>(wait.count()));
    if (ready > 0 && !read()) return;
    forget_ended();
    const auto now = Clock::now();
    if (now - pulse_ >= (busy() ? pulse_busy : pulse_idle)) pulse(now);
    if (!busy() && !probe_ && now - progress_ > probe_after) probe();
  }
}

/// False at the end of the stream.
bool WorkerService::read() {
  std::array<char, 65536> piece;
  const auto got = ::recv(socket_, piece.data(), piece.size(), 0);
  if (got < 0 && errno == EINTR) return true;
  if (got <= 0) return false;
  decoder_.feed(std::as_bytes(std::span(piece.data(), static_cast<std::size_t>(got))));
  while (const auto object = decoder_.next()) take(*object);
  return true;
}

void WorkerService::take(const json::Object& object) {
  try {
    auto frame = protocol::frame_from_json(object);
    if (auto* one = std::get_if<protocol::Submit>(&frame)) {
      submit(std::move(*one));
    } else if (const auto* gone = std::get_if<protocol::Cancel>(&frame)) {
      answers_.erase(gone->stream);
    } else if (std::holds_alternative<protocol::Ping>(frame)) {
      pulse(Clock::now());
    } else {
      fail(Code::invalid, "a frame that only a worker sends");
    }
  } catch (const Error& error) {
    // One bad request is that stream's end alone.
    const auto stream = protocol::stream_of(object);
    if (!stream) throw;
    end(*stream, {error.code(), error.what(), error.field(), 0, {}});
  }
}

void WorkerService::submit(protocol::Submit submit) {
  forget_ended();
  const auto stream = submit.stream;
  if (stream == 0 || answers_.contains(stream)) fail(Code::invalid, "stream {} is taken", stream);
  auto answer = service_.start(std::move(submit.request), [this, stream](protocol::Event event) {
    if (const auto* done = std::get_if<protocol::Done>(&event)) cached_tokens_ += done->usage.cached_tokens;
    const bool last = protocol::is_last(event);
    outgoing_.push(protocol::StreamEvent{stream, std::move(event)});
    if (!last) return;
    const std::lock_guard lock(mutex_);
    ended_.push_back(stream);
  });
  answers_.emplace(stream, std::move(answer));
}

void WorkerService::end(std::uint64_t stream, protocol::Failed failed) {
  outgoing_.push(protocol::StreamEvent{stream, std::move(failed)});
}

void WorkerService::forget_ended() {
  std::vector<std::uint64_t> ended;
  {
    const std::lock_guard lock(mutex_);
    ended.swap(ended_);
  }
  for (const auto stream : ended) {
    if (stream == 0) {
      probe_.reset();
    } else {
      answers_.erase(stream);
    }
  }
}

void WorkerService::probe() {
  probe_.emplace(service_.start(probe_request(service_), [this](protocol::Event event) {
    if (!protocol::is_last(event)) return;
    const std::lock_guard lock(mutex_);
    ended_.push_back(0);
  }));
}

void WorkerService::pulse(Clock::time_point now) {
  const auto load = service_.load();
  const auto seen = load.tokens + load.prompt_tokens;
  if (std::exchange(steps_seen_, seen) != seen) progress_ = now;
  pulse_ = now;
  protocol::Status status;
  status.token_age_ms = static_cast<std::uint64_t>(std::chrono::duration_cast<milliseconds>(now - progress_).count());
  status.running = load.running;
  status.waiting = load.waiting;
  status.free_pages = load.free_pages;
  status.total_pages = load.pages;
  status.prompt_tokens = load.prompt_tokens;
  status.generated_tokens = load.tokens;
  status.cached_tokens = cached_tokens_.load();
  status.preemptions = load.preemptions;
  status.steps = load.steps;
  status.rows = load.rows;
  status.drafts = load.drafts;
  status.draft_tokens = load.draft_tokens;
  status.accepted_tokens = load.tokens - load.choices;
  status.step_rows.assign(load.step_rows.begin(), load.step_rows.end());
  status.resident_bytes = serving::resident_bytes();
  outgoing_.push(status);
}

}  // namespace cofre::app
