#pragma once

#include <string>

#include "json/json.h"
#include "records/person.h"

namespace cofre::app {

/// Whether person_action() answers it.
bool is_person_action(const json::Object& request);

/// What `cofre person` asks, `by` whom:
///
///   {"do":"person.export","name", further "cursor"} → {"pieces":[{"path","bytes"}], further "cursor"}: a page, bytes
///   in
///       base64url
///   {"do":"person.erase","name"} → a signed certificate
///
/// Throws Error(invalid) for any other "do".
json::Object person_action(const records::Box& box, const json::Object& request, const std::string& by);

}  // namespace cofre::app
