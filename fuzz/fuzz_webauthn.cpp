// Any bytes are a browser's answer about a passkey, or are refused.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/error.h"
#include "webauthn/cbor.h"
#include "webauthn/verify.h"

namespace {

using namespace cofre::webauthn;

const Expected expected{.rp_id = "box.example", .origins = {"https://box.example:8443"}};
constexpr std::string_view created =
    R"({"type":"webauthn.create","challenge":"Y2hhbGxlbmdl","origin":"https://box.example:8443"})";
constexpr std::string_view got =
    R"({"type":"webauthn.get","challenge":"Y2hhbGxlbmdl","origin":"https://box.example:8443"})";

/// `known` may be what a registration brought.
void assert_with(const Credential& known, std::string_view data, std::string_view signature) {
  try {
    verify_assertion(expected, known, ClientData::parse(got), data, signature);
  } catch (const cofre::Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  try {
    if (ClientData::parse(text).json != text) std::abort();
  } catch (const cofre::Error&) {
  }
  try {
    if (CborReader(text).item().size() > size) std::abort();
  } catch (const cofre::Error&) {
  }
  try {
    const auto made = verify_registration(expected, ClientData::parse(created), text);
    if (made.id.empty() || made.public_key.size() < 32) std::abort();
    assert_with(made, text, text);
  } catch (const cofre::Error&) {
  }
  const auto half = text.size() / 2;
  assert_with({.id = "x", .algorithm = -8, .public_key = std::string(32, '\1')}, text.substr(0, half),
              text.substr(half));
  return 0;
}
