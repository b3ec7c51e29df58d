#include "gateway/admin/oidc.h"

#include <algorithm>

#include "base/error.h"
#include "gateway/admin/session.h"
#include "gateway/credentials.h"
#include "gateway/desk.h"
#include "gateway/errors.h"

namespace cofre::gateway::admin {
namespace {

using accounts::SignIn;

constexpr std::string_view trip_cookie = "__Host-cofre-oidc";
constexpr std::string_view start_path = "/admin/v1/oidc/start";
constexpr std::size_t path_bytes_max = 512;
constexpr std::size_t parameter_bytes_max = 4096;
constexpr std::size_t form_bytes_max = 256;

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string trip_cookie_with(std::string_view value, std::string_view more) {
  return fmt::format("{}={}; Path=/; Secure; HttpOnly; {}", trip_cookie, value, more);
}
std::string no_trip_cookie() { return trip_cookie_with("", "SameSite=Lax; Max-Age=0"); }

/// A page without scripts. `head`: more of its head; `text` is HTML.
http::Response page(int status, std::string_view head, std::string_view text) {
  http::Response response;
  response.status = status;
  response.headers = {
      {"Content-Type", "text/html; charset=utf-8"},
      {"Cache-Control", "no-store"},
      {"Referrer-Policy", "no-referrer"},
      {"X-Frame-Options", "DENY"},
      {"Content-Security-Policy", "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"}};
  response.body = fmt::format(
      "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Cofre</title>"
      "<meta name=\"viewport\" content=\"width=device-width\">{}<main><h1>Cofre</h1>{}</main></html>",
      head, text);
  return response;
}

http::Response refusal_page(int status, std::string_view why) {
  return page(
      status, "",
      fmt::format("<p>You are not signed in: {}.</p><p><a href=\"{}\">Try again</a></p>", escaped(why), start_path));
}

/// The browser came here from the provider's site: it would not send the session's cookie, which is SameSite=Strict,
/// along a redirect. From a page of the box itself it does.
http::Response welcome_page(std::string_view name, const std::string& return_to, bool is_limited) {
  const auto target = escaped(return_to.empty() ? "/" : return_to);
  // Who has to be told something reads it first.
  const auto refresh =
      is_limited ? std::string() : fmt::format("<meta http-equiv=\"refresh\" content=\"0;url={}\">", target);
  return page(200, refresh,
              fmt::format("<p>You are signed in as {}.{}</p><p><a href=\"{}\">Go on</a></p>", escaped(name),
                          is_limited ? " A second factor must be set up first." : "", target));
}

http::Response code_page(int status, std::string_view why) {
  return page(
      status, "",
      fmt::format("<p>{}</p><form method=\"post\" action=\"/admin/v1/oidc/code\"><p><label>Code of the second "
                  "factor<br><input name=\"code\" autocomplete=\"one-time-code\" autofocus required></label></p>"
                  "<button>Sign in</button></form>",
                  escaped(why)));
}

http::Response wait_page(std::int64_t retry_after_s) {
  auto response = refusal_page(429, fmt::format("too many attempts failed, wait {} seconds", retry_after_s));
  response.headers.add("Retry-After", std::to_string(retry_after_s));
  return response;
}

const CompanySignIn& company_of(const Services& services) {
  if (!services.settings.company) throw failure_of(404, "this box knows no provider to sign in with");
  return *services.settings.company;
}

/// Who only looks ahead at an address is not on a trip.
void must_be_get(const Call& call) {
  if (call.request.method != "GET") throw failure_of(405, "this path takes: GET");
}

std::string public_url(const Services& services) {
  auto url = company_of(services).public_url;
  if (url.empty()) url = services.accounts.base_url;
  if (url.ends_with('/')) url.pop_back();
  return url;
}

void tell(const Services& services, const Call& call, const std::string& name, std::int64_t owner) {
  if (services.accounts.signed_in) services.accounts.signed_in({name, call.request.peer, owner, "oidc"});
}

void note(const Services& services, const std::string& text) {
  if (company_of(services).note) company_of(services).note(text);
}

/// Runs work that answers with a page; what it throws becomes one too. The person is told only what they can do
/// about; the log, what is wrong.
http::Response page_of(const Services& services, const Call& call, const std::function<http::Response()>& work) {
  try {
    return work();
  } catch (const Error& error) {
    note(services, error.what());
    tell(services, call, "", 0);
    if (error.code() == Code::unavailable) {
      return refusal_page(503,
                          "the company's provider does not answer, or its settings here are wrong; try again, or "
                          "tell the administrator");
    }
    if (error.field() == "roles") return refusal_page(403, error.what());
    return refusal_page(400, "what the company's provider answered is not accepted; the box's log says why");
  }
}

/// Somebody of whom the provider said who they are, and maybe their code.
http::Response let_in(Services& services, const Call& call, const Arrivals::Known& known, const std::string& code) {
  const auto name = services.accounts.directory.owner(known.owner).name;
  const auto result = services.accounts.sign_in.admit(known.owner, code);
  if (result.answer == SignIn::Answer::code_needed) {
    auto response = code_page(200, fmt::format("{}: the code of your second factor is needed.", name));
    // From here on the box's own pages alone send it.
    const auto key = services.arrivals.known.add(known, call.request.peer);
    response.headers.add("Set-Cookie", trip_cookie_with(key, "SameSite=Strict; Max-Age=300"));
    return response;
  }
  tell(services, call, name, result.owner);
  if (result.answer == SignIn::Answer::wait) return wait_page(result.retry_after_s);
  if (result.answer == SignIn::Answer::wrong && !code.empty()) return code_page(401, "This is not the code of now.");
  if (result.answer == SignIn::Answer::wrong) {
    return refusal_page(403, "the user of the box is suspended; ask the administrator");
  }
  auto response = welcome_page(name, known.return_to, result.answer == SignIn::Answer::limited);
  response.headers.add("Set-Cookie", begin_session(services, call, result));
  response.headers.add("Set-Cookie", no_trip_cookie());
  return response;
}

http::Response arrive(Services& services, const Call& call, const oidc::Trip& trip, const oidc::Arrival& arrival) {
  const auto& company = company_of(services);
  const auto person = company.provider.verify(trip, arrival);
  std::optional<std::int64_t> owner;
  try {
    owner = company.users.admit({person.name, person.groups, person.subject});
  } catch (const Error&) {
    tell(services, call, person.name, 0);
    throw;
  }
  if (!owner) {
    tell(services, call, person.name, 0);
    note(services, fmt::format("{} is not let in: no group of theirs leads here, or the name is somebody else's",
                               person.subject));
    return refusal_page(403, "this account is not let in here; ask the administrator");
  }
  return let_in(services, call, {*owner, trip.return_to}, "");
}

std::string parameter(const http::Request& request, std::string_view name) {
  auto value = request.parameter(name).value_or("");
  return value.size() <= parameter_bytes_max ? value : std::string();
}

/// The trip that this browser is on, where it says so too.
std::optional<oidc::Trip> end_of_trip(Services& services, const http::Request& request) {
  const auto key = presented_cookie(request, trip_cookie);
  const auto state = parameter(request, "state");
  if (!key || state.empty()) return std::nullopt;
  return services.arrivals.trips.take(*key, [&](const oidc::Trip& trip) {
    return crypto::equal(std::as_bytes(std::span(trip.state)), std::as_bytes(std::span(state)));
  });
}

/// A word of RFC 6749 §4.1.2.1, and no more.
std::string error_word(const std::string& given) {
  const bool is_word = !given.empty() && given.size() <= 64 && std::all_of(given.begin(), given.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || c == '_';
  });
  return is_word ? given : "error";
}

}  // namespace

bool is_own_path(std::string_view path) {
  constexpr std::string_view more = "/-._~?=&%#";
  const bool is_plain = std::all_of(path.begin(), path.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || more.find(c) != more.npos;
  });
  return is_plain && path.size() <= path_bytes_max && path.starts_with('/') && !path.starts_with("//");
}

void list_providers(Services& services, Call&& call) {
  json::Array providers;
  if (services.settings.company) {
    providers.push_back(json::Object{{"label", services.settings.company->label},
                                     {"start", public_url(services) + std::string(start_path)}});
  }
  call.answer(json::dump(json::Object{{"providers", std::move(providers)}}));
}

void start_at_provider(Services& services, Call&& call) {
  company_of(services);
  must_be_get(call);
  const auto return_to = parameter(call.request, "return_to");
  if (!return_to.empty() && !is_own_path(return_to)) {
    return call.answer(refusal_page(400, "return_to is no path of this box"));
  }
  gateway::at_desk(services.entrance, std::move(call), [&services, return_to](Call&& asked) {
    asked.answer(page_of(services, asked, [&] {
      auto trip = oidc::new_trip(public_url(services) + "/admin/v1/oidc/callback", return_to);
      http::Response response;
      response.status = 302;
      response.headers = {{"Location", company_of(services).provider.address_for(trip)},
                          {"Cache-Control", "no-store"},
                          {"Referrer-Policy", "no-referrer"}};
      const auto key = services.arrivals.trips.add(std::move(trip), asked.request.peer);
      response.headers.add("Set-Cookie", trip_cookie_with(key, "SameSite=Lax; Max-Age=600"));
      return response;
    }));
  });
}

void back_from_provider(Services& services, Call&& call) {
  company_of(services);
  must_be_get(call);
  const auto trip = end_of_trip(services, call.request);
  const auto code = parameter(call.request, "code"), error = parameter(call.request, "error");
  const auto refusal = !trip                            ? "this sign-in is over, or another browser began it"
                       : !error.empty() || code.empty() ? "the company's provider says " + error_word(error)
                                                        : std::string();
  if (!refusal.empty()) {
    return gateway::at_desk(services.office, std::move(call), [&services, refusal](Call&& asked) {
      tell(services, asked, "", 0);
      asked.answer(refusal_page(400, refusal));
    });
  }
  const oidc::Arrival arrival{.code = code, .issuer = call.request.parameter("iss")};
  gateway::at_desk(services.entrance, std::move(call), [&services, trip = *trip, arrival](Call&& asked) {
    asked.answer(page_of(services, asked, [&] { return arrive(services, asked, trip, arrival); }));
  });
}

void code_after_provider(Services& services, Call&& call) {
  company_of(services);
  http::Request form;
  form.query = call.request.body.substr(0, form_bytes_max);
  const auto code = form.parameter("code").value_or("");
  const std::string key(presented_cookie(call.request, trip_cookie).value_or(""));
  gateway::at_desk(services.office, std::move(call), [&services, code, key](Call&& asked) {
    const auto known = services.arrivals.known.find(key);
    if (!known) return asked.answer(refusal_page(400, "this sign-in is over"));
    if (code.empty()) return asked.answer(code_page(400, "The code is missing."));
    auto response = page_of(services, asked, [&] { return let_in(services, asked, *known, code); });
    if (response.status == 200) services.arrivals.known.take(key, [](const auto&) { return true; });
    asked.answer(std::move(response));
  });
}

}  // namespace cofre::gateway::admin
