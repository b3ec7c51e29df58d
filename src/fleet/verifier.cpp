#include "fleet/verifier.h"

#include "base/error.h"
#include "fleet/store.h"

namespace cofre::fleet {
namespace {

class Stopped : public Listener {
 public:
  explicit Stopped(const std::atomic<bool>& flag) : flag_(flag) {}
  bool stopped() override { return flag_.load(); }

 private:
  const std::atomic<bool>& flag_;
};

}  // namespace

Verifier::~Verifier() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  ready_.notify_one();
  thread_.join();
}

void Verifier::post(Task task) {
  const std::lock_guard lock(mutex_);
  tasks_.push_back(std::move(task));
  ready_.notify_one();
}

void Verifier::work() {
  for (;;) {
    Task task;
    {
      std::unique_lock lock(mutex_);
      ready_.wait(lock, [this] { return stopping_.load() || !tasks_.empty(); });
      if (stopping_) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    try {
      Stopped listener(stopping_);
      const auto sum = sha256_of_file(task.file, listener);
      if (sum != task.sha256)
        task.bad(fmt::format("{} has the SHA-256 {} instead of {}", task.file.string(), sum, task.sha256));
    } catch (const Error&) {
      // It cannot be read, or the box stops: a file that is gone says so at the next start of its worker.
    }
  }
}

}  // namespace cofre::fleet
