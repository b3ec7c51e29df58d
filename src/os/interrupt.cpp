#include "os/interrupt.h"

#include <signal.h>

#include <atomic>

#include "base/error.h"

namespace cofre::os {
namespace {

std::atomic<int> asked{0};  ///< the signal, 0 before one
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler may only store to a lock-free atomic");
bool guarded = false;
struct sigaction before_int, before_term;

void ask(int signal) { asked.store(signal, std::memory_order_relaxed); }

}  // namespace

InterruptGuard::InterruptGuard() {
  CHECK(!guarded);
  guarded = true;
  clear();
  struct sigaction action {};
  action.sa_handler = ask;  // without SA_RESTART: a read that waits for input returns
  ::sigemptyset(&action.sa_mask);
  ::sigaction(SIGINT, &action, &before_int);
  ::sigaction(SIGTERM, &action, &before_term);
}

InterruptGuard::~InterruptGuard() {
  ::sigaction(SIGINT, &before_int, nullptr);
  ::sigaction(SIGTERM, &before_term, nullptr);
  guarded = false;
}

bool InterruptGuard::requested() noexcept { return asked.load(std::memory_order_relaxed) != 0; }
bool InterruptGuard::terminated() noexcept { return asked.load(std::memory_order_relaxed) == SIGTERM; }
void InterruptGuard::clear() noexcept { asked.store(0, std::memory_order_relaxed); }

}  // namespace cofre::os
