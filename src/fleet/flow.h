#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "base/error.h"
#include "fleet/fleet.h"

namespace cofre::fleet {

/// A stream from the fleet's side.
struct Stream::Flow {
  std::uint64_t id = 0;           ///< its number on every socket
  std::uint64_t fingerprint = 0;  ///< of what was asked, the same when a client asks again
  protocol::Request request;
  std::string submit;  ///< the frame, encoded by the caller's thread
  EventSink sink;
  std::function<void()> cancel;  ///< posts to the fleet's thread
  std::atomic<bool> closed{false};
  bool over = false;  ///< its last event was told

  /// On the fleet's thread.
  void tell(protocol::Event event) {
    if (over) return;
    over = protocol::is_last(event);
    if (!closed.load()) sink(std::move(event));
  }
  void fail(Code code, std::string message, double retry_after_s = 0, std::string field = {}) {
    tell(protocol::Failed{code, std::move(message), std::move(field), retry_after_s, {}});
  }
};

using FlowPtr = std::shared_ptr<Stream::Flow>;

}  // namespace cofre::fleet
