#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "base/error.h"
#include "gateway/models.h"

namespace cofre::gateway {

/// Models that replay events instead of computing: for tests and benches. One model "tiny", alias "default".
class ReplayModels : public Models {
 public:
  /// A submitted request whose events the test gives itself.
  class Asked : public std::enable_shared_from_this<Asked> {
   public:
    Asked(protocol::Request of, fleet::EventSink sink) : request(std::move(of)), sink_(std::move(sink)) {}
    const protocol::Request request;
    void give(protocol::Event event) {
      fleet::EventSink sink;
      {
        const std::scoped_lock lock(mutex_);
        if (dropped_) return;
        sink = sink_;
      }
      sink(std::move(event));
    }
    void drop() {
      fleet::EventSink sink;  // freed outside the lock
      const std::scoped_lock lock(mutex_);
      dropped_ = true;
      sink.swap(sink_);
      changed_.notify_all();
    }
    /// Whether the gateway let go of it, within 20 s.
    bool wait_until_dropped() {
      std::unique_lock lock(mutex_);
      return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return dropped_; });
    }

   private:
    std::mutex mutex_;
    std::condition_variable changed_;
    fleet::EventSink sink_;
    bool dropped_ = false;
  };

  /// What a request is answered with, before submit returns; where it gives nothing, wait_for_request() does.
  std::function<std::vector<protocol::Event>(const protocol::Request&)> answer;
  fleet::Health state{true, {}};

  std::unique_ptr<Running> submit(protocol::Request request, fleet::EventSink sink) override {
    const auto asked = std::make_shared<Asked>(std::move(request), std::move(sink));
    if (!find(asked->request.model)) {
      asked->give(
          protocol::Failed{Code::not_found, "there is no model \"" + asked->request.model + "\" here", "model"});
    } else if (answer) {
      for (auto& event : answer(asked->request)) asked->give(std::move(event));
    } else {
      const std::scoped_lock lock(mutex_);
      waiting_.push_back(asked);
      changed_.notify_all();
    }
    return std::make_unique<Dropping>(asked);
  }
  std::vector<fleet::ModelState> models() const override {
    fleet::ModelState tiny;
    tiny.name = "tiny";
    tiny.aliases = {"default"};
    tiny.kind = fleet::ModelState::Kind::ready;
    tiny.created_s = 1'700'000'000;
    tiny.facts.emplace().context = 4096;
    tiny.facts->page_tokens = 64;
    tiny.status.emplace().total_pages = 10;
    tiny.status->steps = 5;
    tiny.status->rows = 13;
    tiny.status->step_rows = {1, 2, 2};
    return {tiny};
  }
  std::optional<fleet::ModelState> find(std::string_view name) const override {
    if (name == "tiny" || name == "default") return models().front();
    return std::nullopt;
  }
  fleet::Health health() const override { return state; }
  std::uint64_t memory_bytes() const override { return std::uint64_t{4} << 30; }
  void load(std::string_view name) override { tell("load " + std::string(name)); }
  void unload(std::string_view name) override { tell("unload " + std::string(name)); }
  void rescan() override { tell("rescan"); }
  /// What the three above were asked.
  std::vector<std::string> told() {
    const std::scoped_lock lock(mutex_);
    return told_;
  }

  /// The next request that waits for its events; null after 20 s.
  std::shared_ptr<Asked> wait_for_request() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, std::chrono::seconds(20), [&] { return !waiting_.empty(); })) return nullptr;
    auto asked = waiting_.front();
    waiting_.erase(waiting_.begin());
    return asked;
  }

 private:
  struct Dropping : Running {
    explicit Dropping(std::shared_ptr<Asked> of) : asked(std::move(of)) {}
    Dropping(const Dropping&) = delete;
    Dropping& operator=(const Dropping&) = delete;
    ~Dropping() override { asked->drop(); }
    std::shared_ptr<Asked> asked;
  };
  void tell(std::string what) {
    const std::scoped_lock lock(mutex_);
    told_.push_back(std::move(what));
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::shared_ptr<Asked>> waiting_;
  std::vector<std::string> told_;
};

}  // namespace cofre::gateway
