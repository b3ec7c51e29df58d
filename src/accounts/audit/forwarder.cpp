#include "accounts/audit/forwarder.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "json/json.h"
#include "os/disk.h"

namespace cofre::accounts::audit {
namespace {

constexpr std::size_t piece_bytes = 1 << 20;
constexpr std::uint64_t state_bytes_max = 64 << 10;

/// Throws Error(invalid).
std::pair<std::string, std::string> host_and_port(const std::string& address) {
  const auto colon = address.rfind(':');
  if (colon == address.npos) fail(Code::invalid, "{} is no HOST:PORT", address);
  auto host = address.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return {std::move(host), address.substr(colon + 1)};
}

}  // namespace

Forwarder::Forwarder(Trail& trail, Options options)
    : trail_(trail), options_(std::move(options)), retry_(options_.retry_least) {
  std::tie(options_.channel.host, options_.channel.port) = host_and_port(options_.address);
  delivered_ = read_state();
  sent_ = delivered_;
  status_.address = options_.address;
  status_.sent = status_.delivered = delivered_.n;
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

Forwarder::~Forwarder() = default;

Forwarder::Status Forwarder::status() const {
  const auto head = trail_.ends().head.n;
  const std::scoped_lock lock(mutex_);
  auto status = status_;
  status.lag = head - std::min(head, status.sent);
  return status;
}

/// Where the file is another collector's, or speaks of records that the trail does not have (it was put back as it was
/// earlier), everything is sent.
Forwarder::Place Forwarder::read_state() const {
  try {
    const auto value = json::parse(os::read_whole(options_.state_file, state_bytes_max));
    const auto& state = value.as_object();
    const Place place{
        json::unsigned_at(state, "n", UINT64_MAX - 1),
        {json::unsigned_at(state, "segment", UINT64_MAX - 1), json::unsigned_at(state, "byte", segment_bytes_most)}};
    if (json::string_at(state, "address") == options_.address && place.n <= trail_.ends().head.n) return place;
  } catch (const std::exception&) {
    // Absent or no state: the same as none.
  }
  return {};
}

void Forwarder::write_state() {
  try {
    os::write_whole(options_.state_file, json::dump(json::Object{{"address", options_.address},
                                                                 {"n", delivered_.n},
                                                                 {"segment", delivered_.cursor.segment},
                                                                 {"byte", delivered_.cursor.byte}}));
  } catch (const Error& error) {  // what was delivered since is sent again after the next start
    note(true, error.what());
  }
}

void Forwarder::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    try {
      Channel channel(options_.channel, stop);
      connected();
      serve(channel, stop);
    } catch (const std::exception& error) {
      if (stop.stop_requested()) return;
      lost(error.what());
      pause(retry_, stop);
      retry_ = std::min(retry_ * 2, options_.retry_most);
    }
  }
}

void Forwarder::serve(Channel& channel, const std::stop_token& stop) {
  while (true) {
    const bool is_last = stop.stop_requested();
    if (is_last) trail_.flush();  // so that the record of the box's end goes out with it
    channel.check();
    settle(channel);
    send_new(channel, stop);
    if (is_last) return;
    pause(unsettled_.empty() ? options_.look : std::min(options_.look, options_.settle), stop);
  }
}

void Forwarder::send_new(Channel& channel, const std::stop_token& stop) {
  for (auto head = trail_.ends().head.n; sent_.n < head; settle(channel)) {
    const auto page = read_sealed_page(trail_.folder(), {}, sent_.cursor, head, {piece_bytes});
    if (page.last == 0) return;  // nothing is there, whatever the database says: verify() names it
    if (page.numbers.front() > sent_.n + 1) {
      note(true, fmt::format("records {} to {} are not there any more, and were not sent", sent_.n + 1,
                             page.numbers.front() - 1));
    }
    std::string frames;
    for (const auto& line : page.lines) frames += frame(options_.syslog, line, trail_.persons());
    channel.send(frames);
    sent_ = {page.last, page.next};
    unsettled_.push_back({sent_, channel.written()});
    {
      const std::scoped_lock lock(mutex_);
      status_.sent = sent_.n;
    }
    if (stop.stop_requested()) return;
    channel.check();
  }
}

void Forwarder::settle(const Channel& channel) {
  const auto now = Clock::now();
  const auto acknowledged = channel.acknowledged();
  bool is_further = false;
  for (auto& one : unsettled_) {
    if (!one.acknowledged && one.written <= acknowledged) one.acknowledged = now;
  }
  while (!unsettled_.empty()) {
    const auto& first = unsettled_.front();
    if (!first.acknowledged || now - *first.acknowledged < options_.settle) break;
    delivered_ = first.place;
    unsettled_.pop_front();
    is_further = true;
  }
  if (!is_further) return;
  retry_ = options_.retry_least;
  write_state();
  const std::scoped_lock lock(mutex_);
  status_.delivered = delivered_.n;
}

void Forwarder::connected() {
  note(false, fmt::format("records go to {}", options_.address));
  const std::scoped_lock lock(mutex_);
  status_.is_connected = true;
  status_.error.clear();
}

void Forwarder::lost(const std::string& why) {
  sent_ = delivered_;
  unsettled_.clear();
  bool is_new = false;
  {
    const std::scoped_lock lock(mutex_);
    is_new = status_.error != why;
    status_.is_connected = false;
    status_.sent = sent_.n;
    status_.error = why;
  }
  if (is_new) note(true, why);
}

void Forwarder::pause(std::chrono::milliseconds for_ms, const std::stop_token& stop) {
  std::unique_lock lock(pausing_);
  stopped_.wait_for(lock, stop, for_ms, [] { return false; });
}

void Forwarder::note(bool is_error, const std::string& text) const {
  if (options_.note) options_.note(is_error, text);
}

}  // namespace cofre::accounts::audit
