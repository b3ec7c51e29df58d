#include "gateway/figures.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "gateway/errors.h"

namespace cofre::gateway {
namespace {

using fleet::ModelState;
using protocol::Status;

constexpr std::size_t waiting_bytes_max = 64 << 10;  // of a watcher, that it has not read yet
constexpr std::size_t message_bytes_max = 1024;      // of a watcher, who has nothing to say

/// What a counter went up by, a second. A worker that was replaced counts from zero.
double rate(std::uint64_t now, std::uint64_t before, double seconds) {
  const auto more = now < before ? now : now - before;
  return seconds > 0 ? std::round(10 * static_cast<double>(more) / seconds) / 10 : 0;
}

json::Object figures_of(const ModelState& model, const ModelState* before, double seconds) {
  json::Object object{{"name", model.name},
                      {"state", fleet::name_of(model.kind)},
                      {"healthy", model.healthy},
                      {"requests", model.streams},
                      {"memory_bytes", model.memory_bytes}};
  if (!model.status) return object;
  const auto& status = *model.status;
  const Status* previous = before != nullptr && before->status ? &*before->status : nullptr;
  const auto each_second = [&](std::uint64_t Status::*counter) {
    return previous != nullptr ? rate(status.*counter, previous->*counter, seconds) : 0;
  };
  object["running"] = status.running;
  object["waiting"] = status.waiting;
  object["prompt_tokens_per_second"] = each_second(&Status::prompt_tokens);
  object["generated_tokens_per_second"] = each_second(&Status::generated_tokens);
  object["kv_pages"] = status.total_pages;
  object["kv_pages_used"] = status.total_pages - std::min(status.free_pages, status.total_pages);
  object["resident_bytes"] = status.resident_bytes;
  return object;
}

/// Of the answers that came to it since `before`; nothing where none did.
std::optional<double> first_token_ms(const std::string& model, const Moment& now, const Moment& before) {
  const auto of = [&](const Moment& moment) {
    const auto found = moment.first_tokens.find(model);
    return found == moment.first_tokens.end() ? Metrics::FirstTokens{} : found->second;
  };
  const auto is = of(now), was = of(before);
  if (is.answers <= was.answers) return std::nullopt;
  return std::round(1e4 * (is.seconds - was.seconds) / static_cast<double>(is.answers - was.answers)) / 10;
}

}  // namespace

json::Object figures_of(const Moment& now, const Moment& before, double seconds, std::size_t requests_open) {
  json::Array models;
  for (const auto& model : now.models) {
    const auto same = std::find_if(before.models.begin(), before.models.end(),
                                   [&](const auto& one) { return one.name == model.name; });
    auto object = figures_of(model, same == before.models.end() ? nullptr : &*same, seconds);
    if (const auto ms = first_token_ms(model.name, now, before); ms && seconds > 0) object["first_token_ms"] = *ms;
    models.push_back(std::move(object));
  }
  return {{"requests_open", requests_open}, {"models", std::move(models)}};
}

void Figures::measure() {
  Moment now{models_.models(), metrics_.first_tokens()};
  const auto time = Clock::now();
  const double seconds = text_.empty() ? 0 : std::chrono::duration<double>(time - measured_).count();
  text_ = json::dump(figures_of(now, before_, seconds, flights_.count()));
  before_ = std::move(now);
  measured_ = time;
}

void Figures::watch(Call&& call) {
  const std::scoped_lock lock(mutex_);
  const auto key = call.caller->key_id;
  const auto same = std::count_if(watchers_.begin(), watchers_.end(), [&](const Watcher& watcher) {
    return watcher.caller.key_id == key && !watcher.socket.closed();
  });
  if (static_cast<std::size_t>(same) >= watchers_of_key)
    fail(Code::exhausted, "{} WebSockets of this key watch already; that is the most", same);
  const auto socket = call.upgrade({.message_bytes_max = message_bytes_max});
  if (text_.empty()) measure();
  socket.send_text(text_);
  watchers_.push_back({std::move(*call.caller), std::move(call.trace), socket});
}

void Figures::tick() {
  const std::scoped_lock lock(mutex_);
  measure();
  for (const auto& watcher : watchers_) {
    if (!watcher.caller.is_valid()) {
      watcher.socket.close(http::CloseCode::not_allowed, "the key or the session is no longer valid");
    } else if (watcher.socket.buffered() <= waiting_bytes_max) {  // who reads slowly misses some
      watcher.socket.send_text(text_);
    }
  }
  std::erase_if(watchers_, [](const Watcher& watcher) { return watcher.socket.closed(); });
}

}  // namespace cofre::gateway
