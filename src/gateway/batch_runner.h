#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

#include "accounts/caller.h"
#include "base/error.h"
#include "gateway/batch_lines.h"
#include "gateway/services.h"
#include "http/exchange.h"
#include "records/batches.h"

namespace cofre::gateway {

/// Answers the lines of batches, a few at a time and behind everybody who waits, by the handlers of the API's own
/// routes. One thread of its own does everything: it reads files, keeps answers, and is told of answers by models.
///
/// Batches of different tenants take turns line by line, those of one tenant one after the other. What the box is too
/// busy for is asked again; what it answers with an error is an error of the line. A box that ends, however, goes on
/// at its next start with the lines that have no answer yet.
class BatchRunner {
 public:
  /// They outlive it.
  explicit BatchRunner(Services& services) : services_(services) {}
  /// Cancels the lines that run; they are asked again at the next start.
  ~BatchRunner() { stop(); }
  BatchRunner(const BatchRunner&) = delete;
  BatchRunner& operator=(const BatchRunner&) = delete;

  void start();
  void stop();
  /// A batch was made or cancelled, a key has ended. Any thread.
  void wake() const { waker()(); }
  /// wake() for those who may outlive the runner.
  std::function<void()> waker() const;

 private:
  using Time = std::chrono::steady_clock::time_point;
  using Status = records::Batch::Status;

  /// What other threads tell the runner's; lives as long as any of them can.
  struct Inbox {
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<std::uint64_t> landed;  ///< flights that may have their answer
    bool news = true, stopping = false;
  };
  /// A line that is asked, or is to be asked again.
  struct Asked {
    std::int64_t batch = 0;
    std::uint64_t line = 0;
    std::string text;  ///< as the file has it
    std::string custom_id, request_id;
    unsigned attempts = 0;
    Time due{};
    std::shared_ptr<http::Exchange> exchange;
  };
  /// A batch that runs.
  struct Work {
    records::Batch batch;
    accounts::Caller caller;
    BatchLines lines;
    std::unordered_set<std::uint64_t> answered;
    bool is_read = false;  ///< no line is left in the file
    std::size_t flying = 0;
    std::deque<Asked> again;
  };

  void work();
  void look();
  void leave_missing(const std::vector<records::Batch>& open);
  void look_at(const records::Batch& batch);
  void open(const records::Batch& batch);
  void finish(const records::Batch& batch);
  void give_up(const records::Batch& batch, const Error& error);
  void end_early(const records::Batch& batch, Status status);
  /// Asks as many lines as may run at once.
  void fill();
  std::optional<Asked> next_of(Work& work);
  void ask(Work& work, Asked asked);
  void land(std::uint64_t flight);
  /// The answer of a line; false where it is to be asked again.
  bool keep(Work& work, Asked& asked, const http::Response& response);
  void end_whole();
  bool has_room() const;
  void note_error(const std::string& batch, const Error& error) const;
  void drop_flights(std::int64_t batch);
  void note(const records::Batch& batch, std::string_view what) const;

  Services& services_;
  std::shared_ptr<Inbox> inbox_ = std::make_shared<Inbox>();
  std::thread thread_;

  // The thread's own.
  std::map<std::int64_t, Work> works_;
  std::int64_t last_ = 0;  ///< the batch whose line was asked last
  std::map<std::uint64_t, Asked> flights_;
  std::uint64_t flights_begun_ = 0;
  Time next_look_{};
};

}  // namespace cofre::gateway
