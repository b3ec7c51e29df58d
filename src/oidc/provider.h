#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/calls.h"
#include "json/json.h"
#include "oidc/keys.h"

namespace cofre::oidc {

/// Where a provider is and what is read of its answers; the settings of [oidc].
struct Options {
  std::string issuer;  ///< as its configuration and its tokens write it
  std::string client_id;
  std::string client_secret_file;  ///< empty: a public client, by PKCE alone
  std::vector<std::string> scopes;
  std::string ca_file;       ///< empty: the system's authorities
  std::string name_claim;    ///< what users are called here
  std::string groups_claim;  ///< a list of names of groups, or one
  std::chrono::seconds timeout{5};
};

/// A sign-in on its way to the provider and back.
struct Trip {
  std::string state, nonce;  ///< random
  std::string verifier;      ///< random (RFC 7636 §4.1); its hash goes to the provider, itself only with the code
  std::string redirect;      ///< where the provider sends the browser back to
  std::string return_to;     ///< a path of the box, where the person wanted to go
};

/// Random, by its three secrets.
Trip new_trip(std::string redirect, std::string return_to);

/// What the browser brings back.
struct Arrival {
  std::string code;
  std::optional<std::string> issuer;  ///< iss (RFC 9207)
};

/// Who signed in.
struct Person {
  std::string subject;              ///< the issuer and its own name for them, which is nobody else's ever
  std::string name;                 ///< of the claim that says it
  std::vector<std::string> groups;  ///< empty: none is said
};

/// A provider of OpenID Connect. What it says of itself (OpenID Connect Discovery 1.0) and its keys are asked for when
/// needed and kept for an hour; a token that none of the keys signed has them fetched anew, at most every half minute.
/// A provider that did not answer is not asked again for two seconds. Calls wait for the network: never on a thread
/// that serves connections. Any thread may call anything.
class Provider {
 public:
  using Ask = std::function<http::Incoming(const http::Outgoing&)>;
  using Clock = std::function<std::int64_t()>;  ///< seconds since 1970

  /// Over the network.
  Provider(Options options, Clock clock);
  /// `ask` is http::ask(), or a test's provider.
  Provider(Options options, Clock clock, Ask ask);

  /// Where the browser is sent (OpenID Connect Core §3.1.2.1). Throws Error(unavailable) where the provider does not
  /// answer, Error(invalid) where what it says of itself is wrong.
  std::string address_for(const Trip& trip);

  /// Exchanges the code for the ID token and checks it; where it says no name or no groups, asks at the provider's
  /// userinfo endpoint. Throws as address_for(), and Error(invalid) naming what is wrong with the answer or the token.
  Person verify(const Trip& trip, const Arrival& arrival);

  /// Asks for what the provider says of itself, and for its keys. Throws as address_for().
  void probe();

  const std::string& issuer() const noexcept { return options_.issuer; }

 private:
  /// What a provider says of itself.
  struct Metadata {
    std::string authorization, token, keys, userinfo;  ///< addresses; `userinfo` may be empty
    bool takes_basic = true;                           ///< the client's secret in a header; else in the body
    bool sends_issuer = false;                         ///< with each code
  };
  struct Tokens {
    std::string id, access;
  };
  http::Incoming ask(http::Outgoing request);
  std::string get(const std::string& url, std::size_t bytes_max);
  std::shared_ptr<const Metadata> metadata();
  Metadata read_metadata(std::string_view text) const;
  std::shared_ptr<const KeySet> keys(const Metadata& metadata, bool anew);
  Tokens exchange(const Metadata& metadata, const Trip& trip, const Arrival& arrival);
  Signed open(const Metadata& metadata, const std::string& token);
  void add_userinfo(const Metadata& metadata, const Tokens& tokens, json::Object& claims);
  Person person_of(const json::Object& claims) const;

  template <class T>
  struct Kept {
    std::shared_ptr<const T> value;
    std::int64_t since = 0;
  };
  const Options options_;
  const Clock clock_;
  const Ask ask_;
  std::mutex mutex_;  ///< of what follows; not held while the network is asked
  Kept<Metadata> metadata_;
  Kept<KeySet> keys_;
  std::optional<std::int64_t> renewed_;  ///< when keys were last fetched because one was missing
  std::optional<std::int64_t> failed_;   ///< when the provider did not answer, and
  std::string failure_;                  ///< why
};

}  // namespace cofre::oidc
