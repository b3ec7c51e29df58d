#pragma once

#include "accounts/keys.h"
#include "json/json.h"

namespace cofre::app {

/// What `cofre key` asks, in the running box or in the command itself:
///
///   {"do":"key.create","name":…,"scopes":["inference"],"expires":seconds since 1970 or absent} → {"name","key"}
///   {"do":"key.list"} → {"keys":[{"name","prefix","scopes","created","expires","revoked"}]}
///   {"do":"key.revoke","name":…} → {"name"}
///
/// Throws Error(invalid) for any other "do".
json::Object key_action(accounts::Keys& keys, const json::Object& request);

}  // namespace cofre::app
