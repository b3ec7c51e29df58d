#pragma once

#include <cstdint>
#include <string_view>

namespace cofre::fleet {

/// Hears how long work gets on and may end it. The default one is silent.
class Listener {
 public:
  virtual ~Listener() = default;
  /// One line for the reader: which source is asked, why one is passed over.
  virtual void say(std::string_view /*line*/) {}
  /// `done` of `total` bytes; called often.
  virtual void advance(std::uint64_t /*done*/, std::uint64_t /*total*/) {}
  /// True ends the work with Error(cancelled) soon; what has arrived is kept.
  virtual bool stopped() { return false; }
};

}  // namespace cofre::fleet
