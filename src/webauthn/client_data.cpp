#include "webauthn/client_data.h"

#include "base/error.h"
#include "json/json.h"

namespace cofre::webauthn {
namespace {

constexpr std::size_t bytes_max = 8192;

std::string text_of(const json::Object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_string())
    fail_field(Code::invalid, "credential", "credential: the client's data have no {}", name);
  return std::string(value->get_string());
}

}  // namespace

ClientData ClientData::parse(std::string_view text) {
  if (text.size() > bytes_max) fail_field(Code::invalid, "credential", "credential: the client's data are too long");
  json::Value value;
  try {
    value = json::parse(text);
  } catch (const Error& error) {
    fail_field(Code::invalid, "credential", "credential: the client's data: {}", error.what());
  }
  if (!value.is_object()) fail_field(Code::invalid, "credential", "credential: the client's data are no object");
  const auto& object = value.get_object();
  ClientData data;
  data.type = text_of(object, "type");
  data.challenge = text_of(object, "challenge");
  data.origin = text_of(object, "origin");
  const auto* crossed = object.if_contains("crossOrigin");
  data.cross_origin = (crossed != nullptr && *crossed != false) || object.contains("topOrigin");
  data.json = text;
  return data;
}

}  // namespace cofre::webauthn
