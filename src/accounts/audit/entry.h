#pragma once

#include <cstdint>
#include <string>

#include "json/json.h"

namespace cofre::accounts::audit {

/// What a request held, where a retention rule says that it is kept.
struct Content {
  std::string text{};     ///< JSON; empty: nothing is kept
  std::int64_t days = 0;  ///< that it can be read, the day of the record not counted
};

/// What happened, before it is a record of the trail. Never a secret; a prompt or an answer only as its content.
struct Entry {
  std::string action;     ///< "request", "login", "key.create", "model.rm", …
  std::string outcome;    ///< "ok", "refused", "begun", …
  std::string who{};      ///< the person who acts; sealed under that person's key. Empty: nobody known
  std::string from{};     ///< the address; sealed with `who`
  std::string subject{};  ///< the person or key that it is done to; sealed under that one's key
  json::Object facts{};   ///< in clear: ids, numbers, names that are no person's
  Content content{};      ///< sealed under a key of `who` for its last day
};

}  // namespace cofre::accounts::audit
