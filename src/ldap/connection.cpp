#include "ldap/connection.h"

#include <ldap.h>

#include <algorithm>

#include "base/error.h"
#include "ldap/watch.h"

namespace cofre::ldap {
namespace {

constexpr const char* system_authorities = "/etc/ssl/certs/ca-certificates.crt";

bool is_loopback(std::string_view url) {
  constexpr std::string_view names[] = {"127.0.0.1", "[::1]", "localhost"};
  const auto host = url.substr(url.find("//") + 2);
  return std::any_of(std::begin(names), std::end(names), [&](std::string_view one) {
    return host.starts_with(one) && (host.size() == one.size() || host[one.size()] == ':');
  });
}

struct FreeMessage {
  void operator()(LDAPMessage* message) const { ldap_msgfree(message); }
};
struct FreeText {
  void operator()(char* text) const { ldap_memfree(text); }
};
struct FreeValues {
  void operator()(berval** values) const { ldap_value_free_len(values); }
};

Entry entry_of(LDAP* handle, LDAPMessage* message, const std::vector<std::string>& attributes) {
  Entry entry;
  const std::unique_ptr<char, FreeText> dn(ldap_get_dn(handle, message));
  if (dn) entry.dn = dn.get();
  for (const auto& attribute : attributes) {
    auto& texts = entry.values.emplace_back();
    const std::unique_ptr<berval*, FreeValues> values(ldap_get_values_len(handle, message, attribute.c_str()));
    for (auto** value = values.get(); value != nullptr && *value != nullptr; ++value) {
      texts.emplace_back((*value)->bv_val, (*value)->bv_len);
    }
  }
  return entry;
}

/// Answers to a bind that are about the person, not about the server.
bool refuses_person(int result) {
  constexpr int answers[] = {LDAP_INVALID_CREDENTIALS,  LDAP_INAPPROPRIATE_AUTH,       LDAP_NO_SUCH_OBJECT,
                             LDAP_INVALID_DN_SYNTAX,    LDAP_INSUFFICIENT_ACCESS,      LDAP_CONSTRAINT_VIOLATION,
                             LDAP_UNWILLING_TO_PERFORM, LDAP_STRONG_AUTH_NOT_SUPPORTED};
  return std::find(std::begin(answers), std::end(answers), result) != std::end(answers);
}

}  // namespace

/// libldap waits for ever for a server that falls silent in a TLS handshake, and computes meanwhile: it gets no time
/// limit of its own for that, and the watch cuts the connection.
struct Connection::Guard {
  explicit Guard(std::chrono::seconds patience) : watch(patience) {}

  static int connected(LDAP* handle, Sockbuf* buffer, LDAPURLDesc*, sockaddr*, ldap_conncb* callbacks) {
    ber_socket_t socket = -1;
    ber_sockbuf_ctrl(buffer, LBER_SB_OPT_GET_FD, &socket);
    static_cast<Guard*>(callbacks->lc_arg)->watch.look_after(socket);
    const timeval none{.tv_sec = -1, .tv_usec = 0};
    return ldap_set_option(handle, LDAP_OPT_NETWORK_TIMEOUT, &none);
  }
  static void disconnected(LDAP*, Sockbuf*, ldap_conncb*) {}

  Watch watch;
  ldap_conncb callbacks{connected, disconnected, this};
};

void Connection::Close::operator()(::ldap* handle) const { ldap_unbind_ext_s(handle, nullptr, nullptr); }

Connection::Connection(const std::string& url, const Options& options)
    : url_(url), timeout_(options.timeout), guard_(std::make_unique<Guard>(options.timeout)) {
  LDAP* opened = nullptr;
  if (const int result = ldap_initialize(&opened, url.c_str()); result != LDAP_SUCCESS) fail_with(result, "address");
  handle_.reset(opened);
  const int version = LDAP_VERSION3;
  const timeval limit{.tv_sec = static_cast<time_t>(timeout_.count()), .tv_usec = 0};
  set(LDAP_OPT_PROTOCOL_VERSION, &version, "version");
  set(LDAP_OPT_REFERRALS, LDAP_OPT_OFF, "referrals");
  set(LDAP_OPT_NETWORK_TIMEOUT, &limit, "timeout");
  set(LDAP_OPT_TIMEOUT, &limit, "timeout");
  set(LDAP_OPT_CONNECT_CB, &guard_->callbacks, "timeout");
  encrypt(options);
}

Connection::~Connection() = default;

void Connection::set(int option, const void* value, std::string_view what) {
  if (ldap_set_option(handle_.get(), option, value) != LDAP_OPT_SUCCESS) {
    fail(Code::unavailable, "{}: {}: cannot be set", url_, what);
  }
}

void Connection::encrypt(const Options& options) {
  const bool starts = !url_.starts_with("ldaps:");
  if (starts && options.plain_loopback && is_loopback(url_)) return;
  // All that a machine's own ldap.conf could say otherwise.
  const int demand = LDAP_OPT_X_TLS_DEMAND, least = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2, is_server = 0;
  const std::string authorities = options.ca_file.empty() ? system_authorities : options.ca_file;
  set(LDAP_OPT_X_TLS_REQUIRE_CERT, &demand, "certificate");
  set(LDAP_OPT_X_TLS_PROTOCOL_MIN, &least, "TLS version");
  set(LDAP_OPT_X_TLS_CACERTFILE, authorities.c_str(), "ca_file");
  set(LDAP_OPT_X_TLS_NEWCTX, &is_server, "ca_file " + authorities);
  if (!starts) return;
  if (const int result = ldap_start_tls_s(handle_.get(), nullptr, nullptr); result != LDAP_SUCCESS) {
    fail_with(result, "StartTLS");
  }
}

bool Connection::bind(const std::string& dn, const std::string& password) {
  berval secret{.bv_len = password.size(), .bv_val = const_cast<char*>(password.data())};
  const int result = ldap_sasl_bind_s(handle_.get(), dn.c_str(), LDAP_SASL_SIMPLE, &secret, nullptr, nullptr, nullptr);
  if (result == LDAP_SUCCESS) return true;
  if (refuses_person(result)) return false;
  fail_with(result, "sign-in");
}

std::vector<Entry> Connection::search(const std::string& base, Reach reach, const std::string& filter,
                                      const std::vector<std::string>& attributes, int most) {
  std::vector<char*> names;
  for (const auto& attribute : attributes) names.push_back(const_cast<char*>(attribute.c_str()));
  names.push_back(nullptr);
  timeval limit{.tv_sec = static_cast<time_t>(timeout_.count()), .tv_usec = 0};
  LDAPMessage* answer = nullptr;
  const int result =
      ldap_search_ext_s(handle_.get(), base.c_str(), reach == Reach::one ? LDAP_SCOPE_BASE : LDAP_SCOPE_SUBTREE,
                        filter.c_str(), names.data(), 0, nullptr, nullptr, &limit, most, &answer);
  const std::unique_ptr<LDAPMessage, FreeMessage> held(answer);
  if (result != LDAP_SUCCESS && result != LDAP_SIZELIMIT_EXCEEDED) fail_with(result, "search below " + base);
  std::vector<Entry> entries;
  for (auto* one = ldap_first_entry(handle_.get(), answer); one != nullptr; one = ldap_next_entry(handle_.get(), one)) {
    entries.push_back(entry_of(handle_.get(), one, attributes));
  }
  return entries;
}

void Connection::fail_with(int result, std::string_view what) const {
  if (guard_->watch.is_late()) fail(Code::unavailable, "{}: {}: took more than {} s", url_, what, timeout_.count());
  char* more = nullptr;
  if (handle_) ldap_get_option(handle_.get(), LDAP_OPT_DIAGNOSTIC_MESSAGE, &more);
  const std::unique_ptr<char, FreeText> held(more);
  const bool tells = more != nullptr && *more != '\0';
  fail(Code::unavailable, "{}: {}: {}{}{}", url_, what, ldap_err2string(result), tells ? ": " : "", tells ? more : "");
}

}  // namespace cofre::ldap
