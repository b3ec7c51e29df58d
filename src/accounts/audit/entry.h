#pragma once

#include <string>

#include "json/json.h"

namespace cofre::accounts::audit {

/// What happened, before it is a record of the trail. Never a prompt, an answer or a secret.
struct Entry {
  std::string action;     ///< "request", "login", "key.create", "model.rm", …
  std::string outcome;    ///< "ok", "refused", "begun", …
  std::string who{};      ///< the person who acts; sealed under that person's key. Empty: nobody known
  std::string from{};     ///< the address; sealed with `who`
  std::string subject{};  ///< the person or key that it is done to; sealed under that one's key
  json::Object facts{};   ///< in clear: ids, numbers, names that are no person's
};

}  // namespace cofre::accounts::audit
