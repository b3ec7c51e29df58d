#include "ldap/watch.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace cofre::ldap {

Watch::Watch(std::chrono::seconds patience)
    : end_(std::chrono::steady_clock::now() + patience), thread_([this] { wait(); }) {}

Watch::~Watch() {
  {
    const std::scoped_lock lock(mutex_);
    is_over_ = true;
  }
  changed_.notify_one();
  thread_.join();
  if (socket_ >= 0) ::close(socket_);
}

void Watch::look_after(int socket) {
  const std::scoped_lock lock(mutex_);
  if (socket_ >= 0) ::close(socket_);
  socket_ = ::fcntl(socket, F_DUPFD_CLOEXEC, 0);
  if (is_late_ && socket_ >= 0) ::shutdown(socket_, SHUT_RDWR);
}

bool Watch::is_late() const {
  const std::scoped_lock lock(mutex_);
  return is_late_;
}

void Watch::wait() {
  std::unique_lock lock(mutex_);
  if (changed_.wait_until(lock, end_, [&] { return is_over_; })) return;
  is_late_ = true;
  if (socket_ >= 0) ::shutdown(socket_, SHUT_RDWR);
}

}  // namespace cofre::ldap
