#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/encoder.h"
#include "gateway/flights.h"
#include "gateway/services.h"

namespace cofre::gateway {

/// The answer of a model to a caller who waits for it: submits the requests, passes their events through an encoder to
/// the connection, cancels when the caller leaves. Lives until its last event.
class Answer : public Flight, public std::enable_shared_from_this<Answer> {
 public:
  struct Plan {
    std::vector<protocol::Request> requests;  ///< id, tenant and priority are set by start()
    std::unique_ptr<Encoder> encoder;
    bool stream = false;
  };
  /// Throws Error(exhausted) where the key runs too many, Error(invalid) where the fleet refuses a request.
  static void start(Services& services, Call&& call, Plan plan);

  Answer(Services& services, Call&& call, Plan& plan);
  void fail(const Failure& failure) override;

 private:
  using Clock = std::chrono::steady_clock;
  void submit(std::vector<protocol::Request> requests);
  void take(std::size_t run, const protocol::Event& event);
  void leave();
  void deliver(const std::string& bytes);
  void end(int status, std::string_view outcome);
  void note_progress(std::size_t run, const protocol::Event& event);
  void note_piece(std::size_t run, std::uint32_t choice);

  Services& services_;
  Call call_;
  const bool stream_;
  std::string model_;  ///< as metrics name it
  const std::uint32_t choices_;
  const bool cache_;
  const std::optional<std::uint64_t> max_tokens_;
  const Clock::time_point began_ = Clock::now();

  std::mutex mutex_;  ///< of what follows
  std::unique_ptr<Encoder> encoder_;
  std::vector<std::unique_ptr<Running>> runs_;
  std::size_t done_ = 0, wanted_ = 0;
  bool begun_ = false, over_ = false, entered_ = false;
  protocol::Usage usage_;
  std::string finish_;                                                       ///< the last finish reason
  std::map<std::pair<std::size_t, std::uint32_t>, Clock::time_point> last_;  ///< pieces, of run and choice
};

}  // namespace cofre::gateway
