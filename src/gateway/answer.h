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
#include "gateway/metering.h"
#include "gateway/outlet.h"
#include "gateway/screening.h"
#include "gateway/services.h"
#include "gateway/transcript.h"

namespace cofre::gateway {

/// The answer of a model: submits the requests, passes their events through an encoder to an outlet. Lives until its
/// last event.
class Answer : public Flight, public std::enable_shared_from_this<Answer> {
 public:
  struct Plan {
    std::vector<protocol::Request> requests;  ///< id, tenant and priority are set by start()
    std::shared_ptr<Encoder> encoder;
    bool stream = false;  ///< of the first start()
  };
  /// Who asks.
  struct Asker {
    accounts::Caller caller;
    std::string request_id;
    std::shared_ptr<Trace> trace{};  ///< what the audit trail will say; null: nothing
    int priority = 0;
  };
  /// To a caller who waits for it; cancelled when the caller leaves.
  /// Throws Failure where a quota is used up, Error(exhausted) where the key runs too many; the fleet's refusals go to
  /// the outlet.
  static void start(Services& services, Call&& call, Plan plan);
  /// To `outlet`. With a `client`: cancelled when that leaves.
  static std::shared_ptr<Answer> start(Services& services, Asker asker, Plan plan, std::shared_ptr<Outlet> outlet,
                                       const http::Responder* client = nullptr);

  Answer(Services& services, Asker asker, Plan& plan, std::shared_ptr<Outlet> outlet);
  void fail(const Failure& failure) override;
  /// Cancels it; the outlet is told nothing, then or later. False where it is over.
  bool leave();

 private:
  using Clock = std::chrono::steady_clock;
  void submit(std::vector<protocol::Request> requests);
  void take(std::size_t run, const protocol::Event& event);
  void screen(std::vector<protocol::Request>& requests);
  void keep_content(const std::vector<protocol::Request>& requests);
  void tell(std::size_t run, const protocol::Event& event);
  void end(int status, std::string_view outcome);
  void note_progress(std::size_t run, const protocol::Event& event);
  void note_piece(std::size_t run, std::uint32_t choice);

  Services& services_;
  const Asker asker_;
  std::string model_;  ///< as metrics name it
  const std::uint32_t choices_;
  const bool cache_;
  const std::optional<std::uint64_t> max_tokens_;
  const Clock::time_point began_ = Clock::now();

  std::mutex mutex_;  ///< of what follows
  std::shared_ptr<Encoder> encoder_;
  std::shared_ptr<Outlet> outlet_;
  std::vector<std::unique_ptr<Running>> runs_;
  std::size_t done_ = 0, wanted_ = 0;
  bool over_ = false, entered_ = false;
  Meter meter_;
  std::unique_ptr<Screening> screening_;    ///< null: no content rules, no label
  std::vector<std::string> input_rules_;    ///< that matched the request
  std::unique_ptr<Transcript> transcript_;  ///< null: no rule keeps what is asked
  std::int64_t content_days_ = 0;
  protocol::Usage usage_, seen_;  ///< as told at the end; as far as events went by
  std::string finish_;            ///< the last finish reason
  std::map<std::pair<std::size_t, std::uint32_t>, Clock::time_point> last_;  ///< pieces, of run and choice
};

}  // namespace cofre::gateway
