#include "gateway/admin/session.h"

#include "accounts/actions/actions.h"
#include "accounts/actions/fields.h"
#include "base/error.h"
#include "gateway/admin/admin.h"
#include "gateway/credentials.h"
#include "gateway/desk.h"
#include "gateway/errors.h"

namespace cofre::gateway::admin {
namespace {

using accounts::SignIn;

std::string cookie(std::string_view value, std::string_view more) {
  return fmt::format("{}={}; Path=/; Secure; HttpOnly; SameSite=Strict{}", session_cookie, value, more);
}

void end_session_of(Services& services, const Call& call) {
  const auto presented = presented_session(call.request);
  if (!presented) return;
  if (const auto caller = services.accounts.sessions.authenticate(*presented)) {
    services.accounts.sessions.end(-caller->key_id);
  }
}

std::string begun(Services& services, const Call& call, const SignIn::Result& result) {
  end_session_of(services, call);
  return services.accounts.sessions.begin(result.owner, result.answer == SignIn::Answer::limited, call.request.peer);
}

std::int64_t tenant_named(const accounts::Accounts& accounts, const std::optional<std::string>& name) {
  if (!name) return accounts::home_tenant;
  for (const auto& tenant : accounts.directory.tenants()) {
    if (tenant.name == *name) return tenant.id;
  }
  return 0;  // nobody is of it
}

Attempt attempt_of(const accounts::Accounts& accounts, const Call& call) {
  const auto in = request_of(call);
  accounts::Fields fields(in);
  Attempt attempt;
  attempt.name = fields.text("name");
  attempt.password = fields.text("password");
  attempt.code = fields.text_if_any("code").value_or("");
  attempt.tenant = tenant_named(accounts, fields.text_if_any("tenant"));
  fields.done();
  return attempt;
}

http::Response answer_to(const Attempt& attempt, Services& services, Call& call) {
  auto& accounts = services.accounts;
  const auto tell = [&](std::int64_t owner, std::string why) {
    const auto* with = attempt.code.empty() ? "password" : "code";
    if (accounts.signed_in) accounts.signed_in({attempt.name, call.request.peer, owner, with, std::move(why)});
  };
  SignIn::Result result;
  try {
    result = accounts.sign_in.sign_in(attempt.tenant, attempt.name, attempt.password, attempt.code);
  } catch (const Error& error) {
    tell(0, error.what());
    throw;
  }
  tell(result.owner, "");
  if (result.owner == 0) throw refusal_of(result);
  return welcome(services, call, result);
}

}  // namespace

std::string begin_session(Services& services, const Call& call, const SignIn::Result& result) {
  return cookie(begun(services, call, result), "");
}

http::Response welcome(Services& services, Call& call, const SignIn::Result& result) {
  auto& accounts = services.accounts;
  const auto session = begun(services, call, result);
  auto response =
      json_response({{"user", accounts.directory.owner(result.owner).name},
                     {"csrf_token", accounts.sessions.csrf_token(session)},
                     {"second_factor", result.answer == SignIn::Answer::limited ? "to be set up" : "as demanded"}});
  response.headers.add("Set-Cookie", cookie(session, ""));
  return response;
}

Failure refusal_of(const SignIn::Result& result) {
  if (result.answer == SignIn::Answer::wait) {
    auto failure = failure_of(429, "too many attempts failed: wait");
    failure.code = "sign_in_delayed";
    failure.retry_after_s = static_cast<double>(result.retry_after_s);
    failure.retry = false;
    return failure;
  }
  const bool code = result.answer == SignIn::Answer::code_needed;
  auto failure = failure_of(401, code ? "the code of the second factor is needed" : "name, password or code is wrong");
  failure.code = code ? "code_needed" : "sign_in_failed";
  return failure;
}

void try_password(Services& services, Call&& call, const PasswordWork& work) {
  const auto attempt = attempt_of(services.accounts, call);
  const auto try_it = [attempt, work](Call&& at) { at.answer(work(attempt, at)); };
  if (!services.accounts.sign_in.asks_elsewhere(attempt.tenant, attempt.name)) return try_it(std::move(call));
  gateway::at_desk(services.entrance, std::move(call), try_it);
}

void sign_in(Services& services, Call&& call) {
  gateway::at_desk(services.office, std::move(call), [&services](Call&& asked) {
    try_password(services, std::move(asked),
                 [&services](const Attempt& attempt, Call& at) { return answer_to(attempt, services, at); });
  });
}

void begin_factor(Services& services, Call&& call) {
  gateway::at_desk(services.entrance, std::move(call), [&services](Call&& asked) {
    asked.answer(json_response(act(services.accounts, actor_of(asked), "me.factor.begin", request_of(asked))));
  });
}

void sign_out(Services& services, Call&& call) {
  at_desk(services, std::move(call), [](Services& with, Call& asked) {
    end_session_of(with, asked);
    auto response = json_response({{"signed_out", true}});
    response.headers.add("Set-Cookie", cookie("", "; Max-Age=0"));
    return response;
  });
}

void show_session(Services& services, Call&& call) {
  at_desk(services, std::move(call), [](Services& with, Call& asked) {
    auto object = accounts::act(with.accounts, actor_of(asked), "me.show", {});
    if (const auto presented = presented_session(asked.request); presented && asked.caller->key_id < 0) {
      object["csrf_token"] = with.accounts.sessions.csrf_token(*presented);
    }
    return json_response(object);
  });
}

void use_link(Services& services, Call&& call) {
  at_desk(services, std::move(call), [](Services& with, Call& asked) {
    const auto in = request_of(asked);
    accounts::Actor actor;
    actor.user = with.accounts.sign_in.owner_of_link(accounts::Fields(in).text("token"));
    actor.tenant = with.accounts.directory.tenant_of(actor.user);
    actor.scopes = {accounts::Scope::account};
    actor.from = asked.request.peer;
    return json_response(accounts::act(with.accounts, actor, "link.use", in));
  });
}

}  // namespace cofre::gateway::admin
