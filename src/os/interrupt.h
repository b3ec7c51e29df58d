#pragma once

namespace cofre::os {

/// While one lives, Ctrl-C (SIGINT) and SIGTERM ask instead of ending the process. At most one at a time.
/// The handlers that were there before return with its destruction.
class InterruptGuard {
 public:
  InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
  ~InterruptGuard();

  /// Whether somebody asked since construction or clear(). Any thread may ask; costs one load.
  static bool requested() noexcept;
  /// Whether it was SIGTERM: the process shall end, not only what it is busy with.
  static bool terminated() noexcept;
  static void clear() noexcept;
};

}  // namespace cofre::os
