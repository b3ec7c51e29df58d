#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace cofre::ldap {

/// Cuts a connection that is not done with in time, whatever its owner waits for.
class Watch {
 public:
  explicit Watch(std::chrono::seconds patience);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  /// From now on this socket, which stays its owner's.
  void look_after(int socket);
  /// Whether the time is over.
  bool is_late() const;

 private:
  void wait();

  const std::chrono::steady_clock::time_point end_;
  mutable std::mutex mutex_;  ///< of what follows
  std::condition_variable changed_;
  int socket_ = -1;  ///< a duplicate: its number is nobody else's while it is held
  bool is_over_ = false, is_late_ = false;
  std::thread thread_;  ///< last: it works with everything
};

}  // namespace cofre::ldap
