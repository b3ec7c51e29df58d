#pragma once

#include <string>
#include <string_view>

namespace cofre::webauthn {

/// What the browser says of a ceremony (CollectedClientData, WebAuthn Level 3 §5.8.1).
struct ClientData {
  std::string type;       ///< "webauthn.create", "webauthn.get"
  std::string challenge;  ///< as base64url: the text that the box gave
  std::string origin;     ///< of the page: "https://box.example:8443"
  bool cross_origin = false;
  std::string json;  ///< all of it, as the authenticator signs its hash

  /// Throws Error(invalid, credential) where it is none.
  static ClientData parse(std::string_view json);
};

}  // namespace cofre::webauthn
