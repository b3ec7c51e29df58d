// Any bytes are a provider's keys, a token and its claims, or are refused; nobody signed what the fuzzer makes up.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/error.h"
#include "oidc/claims.h"
#include "oidc/keys.h"

namespace {

// Of RFC 7517, appendix A.1, and RFC 8037, appendix A.2.
constexpr std::string_view real_keys = R"({"keys":[
{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","kid":"1"},
{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","kid":"2"},
{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"3"}]})";

void open(const cofre::oidc::KeySet& keys, std::string_view token) {
  try {
    keys.open(token);
    std::abort();
  } catch (const cofre::Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cofre;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static const auto keys = oidc::KeySet::parse(real_keys);
  if (keys.size() != 3) std::abort();
  open(keys, text);
  try {
    open(oidc::KeySet::parse(text), "eyJhbGciOiJFUzI1NiJ9.e30.AAAA");
  } catch (const Error&) {
  }
  try {
    const auto claims = oidc::checked_claims(
        {"RS256", std::string(text)},
        {.issuer = "https://a", .client_id = "b", .nonce = "n", .access_token = "t", .now = 1'795'608'000});
    if (claims.at("iss") != "https://a" || claims.at("nonce") != "n") std::abort();
  } catch (const Error&) {
  }
  return 0;
}
