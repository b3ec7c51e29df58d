#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "http/responder.h"

namespace cofre::gateway {

/// The events of an answer as one text (each ends with an empty line), which any number of connections read from any
/// place on, while it grows and after. Lives as long as somebody reads. Any thread.
class EventLog : public std::enable_shared_from_this<EventLog> {
 public:
  /// One that has ended.
  static std::shared_ptr<EventLog> of(std::string text);

  /// Whole events.
  void append(std::string_view events) { change(events, false); }
  /// Nothing follows: readers end when they have read all.
  void end() { change({}, true); }
  std::size_t bytes() const;
  std::string text() const;

  /// Streams events number `from` and on to a client that has got the head of the stream. `stopped` is called when the
  /// box stops meanwhile.
  void read(const http::Responder& client, std::uint64_t from, std::function<void()> stopped = nullptr);

 private:
  struct Reader {
    http::Responder client;
    std::size_t at = 0;         ///< the next byte to send
    std::uint64_t skipped = 0;  ///< events still to be passed over
  };
  using ReaderPtr = std::shared_ptr<Reader>;
  enum class Next : std::uint8_t { more_events, connection, nothing };  ///< what a reader waits for
  /// With the mutex held.
  Next advance(Reader& reader);
  void go_on(const ReaderPtr& reader);
  void wait_for_connection(const ReaderPtr& reader);
  /// Adds to the text, or ends it, and lets those go on who wait for that.
  void change(std::string_view events, bool end);

  mutable std::mutex mutex_;
  std::string text_;
  bool ended_ = false;
  std::vector<ReaderPtr> waiting_;  ///< for more events
};

}  // namespace cofre::gateway
