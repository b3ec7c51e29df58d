#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "accounts/accounts.h"
#include "http/message.h"
#include "protocol/event.h"
#include "protocol/request.h"

namespace cofre::gateway {

/// What an answer may use, and what it used, counted on its way: exact when it is done, else what was seen of it.
class Meter {
 public:
  Meter() = default;
  Meter(accounts::Reservation reservation, std::uint64_t answer_tokens)
      : reservation_(std::move(reservation)), answer_tokens_(answer_tokens) {}

  void take(const protocol::Event& event);
  /// The end, in whatever way. `usage`: of an answer that came to its end; null: what was seen counts.
  void settle(const protocol::Usage* usage);

 private:
  accounts::Reservation reservation_;
  std::uint64_t answer_tokens_ = 0;  ///< set aside for answers; 0: no quota asks
  std::uint64_t prompt_ = 0, cached_ = 0, pieces_ = 0, reasoning_ = 0;
};

/// Sets aside what requests to one model, `model` by its own name, may use at most: the prompt as far as its bytes
/// tell, and their answers. Where a quota of tokens or money applies, an answer without max_tokens is bound to what is
/// left, 4096 at most. Throws Failure 404 where the caller may not ask the model, 429 with the quota and when it begins
/// anew.
Meter set_aside(accounts::Accounts& accounts, const accounts::Caller& caller, const std::string& model,
                std::vector<protocol::Request>& requests);

/// Sets aside bytes for what a caller stores; none: asks whether there is any room. Throws Failure 429 with the quota
/// of storage that forbids it.
accounts::Room room_for(accounts::Accounts& accounts, const accounts::Caller& caller, std::uint64_t bytes);
/// So many in all. Throws as room_for().
void widen(accounts::Accounts& accounts, accounts::Room& room, std::uint64_t bytes);
/// Whether room_for() may wait for the disk: it then belongs to a desk.
bool limits_storage(accounts::Accounts& accounts, const accounts::Caller& caller);

/// x-ratelimit-limit-requests, -remaining-, -reset-, and of tokens, as OpenAI writes them: of the quota of the caller's
/// that leaves the least; nothing where none applies.
http::Headers rate_limits(accounts::Accounts& accounts, const accounts::Caller& caller, const std::string& model);

}  // namespace cofre::gateway
