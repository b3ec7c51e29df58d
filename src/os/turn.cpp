#include "os/turn.h"

#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>

#include "base/error.h"

namespace cofre::os {
namespace {

static_assert(std::atomic<std::uint32_t>::is_always_lock_free);

/// Sleeps while the word has this value. True where the time ran out. Not FUTEX_PRIVATE: other processes wake us.
bool sleep_while(std::atomic<std::uint32_t>& word, std::uint32_t value, std::chrono::milliseconds limit) {
  const timespec time{limit.count() / 1000, limit.count() % 1000 * 1'000'000};
  return ::syscall(SYS_futex, &word, FUTEX_WAIT, value, &time, nullptr, 0) != 0 && errno == ETIMEDOUT;
}

void wake_all(std::atomic<std::uint32_t>& word) {
  ::syscall(SYS_futex, &word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

}  // namespace

Turns::Turns() : file_(::memfd_create("cofre-turns", MFD_CLOEXEC)) {
  if (!file_ || ::ftruncate(file_.get(), sizeof(Page)) != 0)
    fail(Code::exhausted, "cannot make shared memory: {}", std::strerror(errno));
  map();
}

Turns::Turns(Descriptor page) : file_(std::move(page)) {
  struct stat info {};
  if (::fstat(file_.get(), &info) != 0 || info.st_size < static_cast<off_t>(sizeof(Page)))
    fail(Code::unavailable, "the page of turns was not handed over");
  map();
}

void Turns::map() {
  void* at = ::mmap(nullptr, sizeof(Page), PROT_READ | PROT_WRITE, MAP_SHARED, file_.get(), 0);
  if (at == MAP_FAILED) fail(Code::unavailable, "cannot map the page of turns: {}", std::strerror(errno));
  page_ = static_cast<Page*>(at);
}

Turns::~Turns() {
  if (page_ != nullptr) ::munmap(page_, sizeof(Page));
}

int Turns::owner() const noexcept { return static_cast<int>(page_->owner.load()) - 1; }

void Turns::take(unsigned seat, std::chrono::milliseconds limit) noexcept {
  CHECK(seat < seats);
  const std::uint32_t mine = seat + 1;
  page_->wants[seat].store(1);
  for (;;) {
    std::uint32_t owner = page_->owner.load();
    if (owner == mine) break;  // handed over
    if (owner == 0) {
      if (page_->owner.compare_exchange_strong(owner, mine)) break;
    } else if (sleep_while(page_->owner, owner, limit)) {
      if (page_->owner.compare_exchange_strong(owner, mine)) break;
    }
  }
  page_->wants[seat].store(0);
}

void Turns::leave(unsigned seat) noexcept {
  std::uint32_t next = 0;
  for (unsigned i = 1; i < seats && next == 0; ++i) {
    const unsigned other = (seat + i) % seats;
    if (page_->wants[other].load() != 0) next = other + 1;
  }
  std::uint32_t mine = seat + 1;
  // Where nobody waited, one may have begun to after the look: it then finds 0, or is woken.
  if (page_->owner.compare_exchange_strong(mine, next)) wake_all(page_->owner);
}

void Turns::forget(unsigned seat) noexcept {
  page_->wants[seat].store(0);
  leave(seat);
}

}  // namespace cofre::os
