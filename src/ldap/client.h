#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// A company's directory: LDAP (RFC 4511) or Active Directory, by libldap.
namespace cofre::ldap {

/// Where a directory is and how people are found in it; the settings of [ldap].
struct Options {
  std::vector<std::string> urls;  ///< in the order in which they are asked
  bool plain_loopback = false;    ///< ldap:// to this machine goes without TLS
  std::string ca_file;            ///< empty: the system's authorities
  std::string base;
  std::string user_filter;      ///< with {user}
  std::string user_dn;          ///< with {user}; empty: users are looked for by the filter
  std::string bind_dn;          ///< of the service account; empty: the search is anonymous
  std::string password_file;    ///< its password
  std::string name_attribute;   ///< what users sign in with
  std::string group_attribute;  ///< of a user: DNs of groups
  std::string group_filter;     ///< with {dn} or {user}; empty: no search for groups
  std::chrono::seconds timeout{5};
};

/// Somebody whose password was right.
struct Person {
  std::string name;                 ///< as the directory writes it
  std::vector<std::string> groups;  ///< DNs, each as normal_dn() gives it
};

/// Asks the servers of a directory, each over a connection of its own. Calls wait for the network, `timeout` for each
/// server: never on a thread that serves connections. Any thread may call anything.
class Client {
 public:
  explicit Client(Options options);

  /// Who has this name and password, by a bind with them; nothing where nobody has, or more than one is found. An empty
  /// password is nobody's (RFC 4513 §5.1.2). Asks the servers in order, those last that did not answer within the last
  /// minute. Throws Error(unavailable) telling what is wrong with each where none answers.
  std::optional<Person> verify(std::string_view name, std::string_view password);

  /// Asks this server for the base, as the service account; where users are not looked for, for its own entry. Throws
  /// Error(unavailable).
  void probe(const std::string& url) const;

  const std::vector<std::string>& urls() const noexcept { return options_.urls; }

 private:
  std::optional<Person> verify_at(const std::string& url, const std::string& name, const std::string& password) const;
  std::vector<std::size_t> order() const;

  const Options options_;
  mutable std::mutex mutex_;                                                  ///< of what follows
  std::vector<std::optional<std::chrono::steady_clock::time_point>> failed_;  ///< each server's last failure
};

}  // namespace cofre::ldap
