#include "os/signals.h"

#include <signal.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"

namespace cofre::os {
namespace {

sigset_t set_of(const std::vector<int>& signals) {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : signals) ::sigaddset(&set, signal);
  return set;
}

}  // namespace

SignalQueue::SignalQueue(std::initializer_list<int> signals) : signals_(signals) {
  const sigset_t set = set_of(signals_);
  CHECK(::pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0);
}

SignalQueue::~SignalQueue() {
  while (wait(std::chrono::milliseconds(0))) {
  }
  const sigset_t set = set_of(signals_);
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

std::optional<int> SignalQueue::wait(std::chrono::milliseconds patience) {
  const sigset_t set = set_of(signals_);
  timespec limit{};
  limit.tv_sec = patience.count() / 1000;
  limit.tv_nsec = patience.count() % 1000 * 1'000'000;
  const int signal = ::sigtimedwait(&set, nullptr, &limit);
  if (signal > 0) return signal;
  return std::nullopt;  // time is over, or a signal of another kind came between
}

void SignalQueue::post(int signal) { ::kill(::getpid(), signal); }

}  // namespace cofre::os
