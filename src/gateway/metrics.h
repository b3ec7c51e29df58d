#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/audit/forwarder.h"
#include "fleet/fleet.h"
#include "protocol/event.h"

namespace cofre::gateway {

/// What /metrics tells, in Prometheus' text format: names of our own (cofre_…) and vLLM's (vllm:…), which dashboards
/// know. Labels are routes, statuses and models of this box, never anything a caller wrote. Any thread.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  using Duration = std::chrono::steady_clock::duration;
  /// One HTTP request was answered; `route` is its pattern.
  void request(std::string_view route, int status, Duration took);
  /// Of an answer's choice: its first piece, each further piece, its end.
  void first_token(const std::string& model, Duration since_request);
  void next_token(const std::string& model, Duration since_last);
  void finished(const std::string& model, const protocol::Work& work);
  /// An answer, or what became of it.
  struct Answered {
    int status = 200;
    std::string_view outcome;  ///< "stop", "length", …, or what went wrong
    protocol::Usage usage{};
    Duration took{};
    std::uint32_t choices = 1;                  ///< of each prompt
    bool cache = true;                          ///< the prefix was looked up
    std::optional<std::uint64_t> max_tokens{};  ///< where the caller set it
  };
  void answered(const std::string& model, const Answered& answer);

  /// Of a model, since the start: answers whose first piece came, and how long they took to it, together.
  struct FirstTokens {
    std::uint64_t answers = 0;
    double seconds = 0;
  };
  std::map<std::string, FirstTokens> first_tokens() const;

  /// Everything, with the models' own numbers as of now, and how far the audit trail's collector is, where there is
  /// one.
  std::string text(const std::vector<fleet::ModelState>& models, std::size_t requests_open,
                   const std::optional<accounts::audit::Forwarder::Status>& forwarded) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cofre::gateway
