#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "os/spawn.h"

namespace cofre::fleet {

/// A thread that waits for sockets, ends of processes and timers, and runs what other threads post. loop.cpp alone
/// knows the library behind it.
class Loop {
 public:
  Loop();
  /// Ends the thread; what is still to be done is dropped. Links must be gone before. Not from its own thread.
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// From any thread; `work` runs on the loop's thread and must not throw.
  void post(std::function<void()> work);
  /// From the loop's thread.
  void after(std::chrono::milliseconds time, std::function<void()> work);
  /// Runs what is being posted no more; returns when the loop's thread is idle for good.
  void stop();

  struct Impl;
  Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

/// A socket on a loop. Only from the loop's thread. Destruction closes it; no call comes afterwards.
class Link {
 public:
  struct Calls {
    std::function<void(std::string_view bytes)> bytes;
    std::function<void()> closed;  ///< by the other side, or by an error, or too much was left unread; comes once
  };
  Link(Loop& loop, os::Descriptor socket, Calls calls);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  void send(std::string bytes);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

/// Calls once, on the loop's thread, when a descriptor becomes readable: the end of a process. Destruction ends it.
class Watch {
 public:
  Watch(Loop& loop, int descriptor, std::function<void()> ready);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace cofre::fleet
