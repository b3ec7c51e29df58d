#include "gateway/admin/passkeys.h"

#include <algorithm>

#include "accounts/actions/actions.h"
#include "accounts/actions/fields.h"
#include "base/error.h"
#include "crypto/certificates.h"
#include "gateway/admin/admin.h"
#include "gateway/admin/session.h"
#include "gateway/desk.h"
#include "text/unicode.h"

namespace cofre::gateway::admin {
namespace {

using accounts::SignIn;

/// The page's host as the request names it: one that the box answers to, which the server has seen to.
accounts::Site site_of(const accounts::Policy& policy, const http::Request& request) {
  const auto header = std::string(request.headers.find("host").value_or(""));
  const auto colon = header.find(':');
  const auto host = text::to_lower(header.substr(0, colon));
  const auto port = colon == header.npos || header.substr(colon) == ":443" ? std::string() : header.substr(colon);
  if (host.empty() || host.starts_with('[') || crypto::is_ip_address(host)) {
    fail_field(Code::invalid, "passkey",
               "passkey: they are bound to a host name: open the box by its name, not by its address");
  }
  accounts::Site site{policy.passkeys_domain.empty() ? host : policy.passkeys_domain, policy.passkeys_origins};
  if (host != site.rp_id && !host.ends_with("." + site.rp_id)) {
    fail_field(Code::invalid, "passkey", "passkey: they are for {}, not for {}", site.rp_id, host);
  }
  if (site.origins.empty()) site.origins = {"https://" + host + port};
  return site;
}

void act_for_site(std::string_view action, Services& services, Desk& desk, Call&& call) {
  gateway::at_desk(desk, std::move(call), [&services, action](Call&& asked) {
    auto actor = actor_of(asked);
    actor.site = site_of(services.accounts.policy, asked.request);
    asked.answer(json_response(accounts::act(services.accounts, actor, action, request_of(asked))));
  });
}

http::Response options_for(Services& services, const Call& call) {
  const auto site = site_of(services.accounts.policy, call.request);
  return json_response({{"publicKey", services.accounts.passkeys.ask(0, site)}});
}

http::Response options_for(const Attempt& attempt, Services& services, const Call& call) {
  auto& accounts = services.accounts;
  const auto site = site_of(accounts.policy, call.request);
  const auto tell = [&](std::string why) {
    if (accounts.signed_in) accounts.signed_in({attempt.name, call.request.peer, 0, "password", std::move(why)});
  };
  SignIn::Result result;
  try {
    result = accounts.sign_in.prove_password(attempt.tenant, attempt.name, attempt.password);
  } catch (const Error& error) {
    tell(error.what());
    throw;
  }
  if (result.answer != SignIn::Answer::welcome) {
    tell("");
    throw refusal_of(result);
  }
  return json_response({{"publicKey", accounts.passkeys.ask(result.owner, site)}});
}

http::Response answer_to(const json::Object& credential, Services& services, Call& call) {
  auto& accounts = services.accounts;
  const auto tell = [&](std::int64_t owner, std::string why) {
    if (accounts.signed_in) accounts.signed_in({"", call.request.peer, owner, "passkey", std::move(why)});
  };
  SignIn::Result result;
  try {
    result = accounts.sign_in.sign_in(site_of(accounts.policy, call.request), credential);
  } catch (const Error& error) {
    tell(0, error.what());
    throw;
  }
  tell(result.owner, result.owner == 0 ? "its owner may not sign in so" : "");
  if (result.owner == 0) throw refusal_of(result);
  return welcome(services, call, result);
}

}  // namespace

void begin_passkey_sign_in(Services& services, Call&& call) {
  gateway::at_desk(services.office, std::move(call), [&services](Call&& asked) {
    if (request_of(asked).empty()) return asked.answer(options_for(services, asked));
    try_password(services, std::move(asked),
                 [&services](const Attempt& attempt, Call& at) { return options_for(attempt, services, at); });
  });
}

void sign_in_by_passkey(Services& services, Call&& call) {
  at_desk(services, std::move(call), [](Services& with, Call& asked) {
    const auto in = request_of(asked);
    accounts::Fields fields(in);
    const bool has = fields.has("credential");
    fields.done();
    if (!has || !in.at("credential").is_object()) {
      fail_field(Code::invalid, "credential", "credential: must be given");
    }
    return answer_to(in.at("credential").get_object(), with, asked);
  });
}

void begin_passkey(Services& services, Call&& call) {
  act_for_site("me.passkey.begin", services, services.entrance, std::move(call));
}

void create_passkey(Services& services, Call&& call) {
  act_for_site("me.passkey.create", services, services.office, std::move(call));
}

void remove_passkey(Services& services, Call&& call) {
  act_for_site("me.passkey.remove", services, services.entrance, std::move(call));
}

}  // namespace cofre::gateway::admin
