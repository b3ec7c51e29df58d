#include "gateway/desk.h"

#include <memory>
#include <utility>

#include "base/error.h"
#include "gateway/errors.h"

namespace cofre::gateway {

Desk::Desk(std::size_t most) : most_(most), thread_([this] { work(); }) {}

Desk::~Desk() {
  {
    const std::scoped_lock lock(mutex_);
    ending_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void Desk::ask(std::function<void()> job) {
  {
    const std::scoped_lock lock(mutex_);
    if (jobs_.size() >= most_) fail(Code::unavailable, "too many requests wait for the disk");
    jobs_.push_back(std::move(job));
  }
  changed_.notify_one();
}

void Desk::put(std::function<void()> job) {
  {
    const std::scoped_lock lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  changed_.notify_one();
}

void Desk::work() {
  while (true) {
    std::function<void()> job;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return ending_ || !jobs_.empty(); });
      if (jobs_.empty()) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    job();
  }
}

void at_desk(Desk& desk, Call&& call, std::function<void(Call&&)> work) {
  desk.ask([held = std::make_shared<Call>(std::move(call)), work = std::move(work)] {
    hand_over(std::move(*held), [&](Call&& taken) {
      if (taken.caller && !taken.caller->is_valid()) throw key_over();
      work(std::move(taken));
    });
  });
}

}  // namespace cofre::gateway
