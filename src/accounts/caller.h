#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/people.h"

namespace cofre::accounts {

/// Who sends a request. What it holds stays true while the request runs, but for is_valid().
class Caller {
 public:
  std::uint64_t tenant = 0;  ///< salt of the prefix cache; whose share of the machine a request takes
  std::int64_t key_id = 0;   ///< of a session: below 0
  std::string key_name;
  std::int64_t user = 0;        ///< the owner, a user or a service account: what it makes belongs to it
  std::int64_t department = 0;  ///< 0: none
  Roles roles;
  Scopes scopes;  ///< of the credential, as far as its owner and its maker have them

  /// To whom files, responses and batches belong: the owner, not the whole tenant. It is no tenant's number: requests
  /// go with `tenant`.
  std::uint64_t holder() const noexcept { return static_cast<std::uint64_t>(user); }
  /// Whether this credential may ask a model, by any of its names.
  bool may_ask(std::string_view model) const {
    return models == nullptr || models->empty() || std::find(models->begin(), models->end(), model) != models->end();
  }
  /// False once the key is revoked or over. Costs one load: streams ask before each piece they send, and Keys::watch
  /// wakes those that have nothing to send.
  bool is_valid() const noexcept { return standing != nullptr && standing->load(std::memory_order_relaxed); }

  std::shared_ptr<const std::vector<std::string>> models;
  std::shared_ptr<const std::atomic<bool>> standing;
};

}  // namespace cofre::accounts
