#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "accounts/audit/channel.h"
#include "accounts/audit/export.h"
#include "accounts/audit/syslog.h"
#include "accounts/audit/trail.h"

namespace cofre::accounts::audit {

/// Sends a trail to a collector on a thread of its own: records that are on the disk, in their order, each at least
/// once, for as long as their files are kept.
///
/// Syslog has no answer that says "I have it". So a record counts as delivered once the collector's machine has
/// acknowledged its bytes and the connection has stood for a while after that; how far that is stands in a file. Where
/// the connection ends, what was sent behind that is sent again.
class Forwarder {
 public:
  struct Options {
    std::string address;         ///< "collector.example:6514", "[2001:db8::7]:6514"
    Channel::Options channel{};  ///< host and port are the address's
    Syslog syslog{};
    std::filesystem::path state_file;             ///< how far the collector has got
    std::chrono::milliseconds look{1000};         ///< between two looks for new records
    std::chrono::milliseconds settle{5000};       ///< that a connection stands before what it took is delivered
    std::chrono::milliseconds retry_least{1000};  ///< until a lost connection is made anew; each time twice as long
    std::chrono::milliseconds retry_most{60'000};
    /// A line for the log: the collector is there, is lost, or records were removed before it had them.
    std::function<void(bool is_error, const std::string& text)> note{};
  };
  struct Status {
    std::string address;
    bool is_connected = false;
    std::uint64_t sent = 0, delivered = 0;  ///< records: the last ones
    std::uint64_t lag = 0;                  ///< records on the disk that are not sent, or must be again
    std::string error;                      ///< the last one, since the collector was last connected; empty: none
  };

  /// `trail` outlives it. Throws Error(invalid) where the address is none.
  Forwarder(Trail& trail, Options options);
  /// Sends what was recorded so far where it is connected, but waits for no collector.
  ~Forwarder();
  Forwarder(const Forwarder&) = delete;
  Forwarder& operator=(const Forwarder&) = delete;

  Status status() const;

 private:
  using Clock = std::chrono::steady_clock;

  /// Behind which record, and where that is.
  struct Place {
    std::uint64_t n = 0;
    Cursor cursor;
  };
  /// What was sent up to a place.
  struct Sent {
    Place place;
    std::uint64_t written = 0;                        ///< of the channel
    std::optional<Clock::time_point> acknowledged{};  ///< since when
  };

  Place read_state() const;
  void write_state();
  void run(const std::stop_token& stop);
  /// Sends over one connection until it ends, which throws, or `stop`.
  void serve(Channel& channel, const std::stop_token& stop);
  /// Sends what is on the disk, a piece after the other.
  void send_new(Channel& channel, const std::stop_token& stop);
  void settle(const Channel& channel);
  void connected();
  void lost(const std::string& why);
  void pause(std::chrono::milliseconds for_ms, const std::stop_token& stop);
  void note(bool is_error, const std::string& text) const;

  Trail& trail_;
  Options options_;
  // The thread's own.
  Place sent_, delivered_;
  std::deque<Sent> unsettled_;
  std::chrono::milliseconds retry_;
  mutable std::mutex mutex_;  ///< of status_
  Status status_;
  std::mutex pausing_;
  std::condition_variable_any stopped_;
  std::jthread thread_;
};

}  // namespace cofre::accounts::audit
