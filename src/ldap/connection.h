#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ldap/client.h"

struct ldap;

namespace cofre::ldap {

/// What was found: the DN, and of each attribute that was asked for its values.
struct Entry {
  std::string dn;
  std::vector<std::vector<std::string>> values;  ///< [attribute, value]
};

enum class Reach : std::uint8_t { one, below };  ///< the base itself, or all that is below it too

/// One connection to one server, encrypted unless Options say otherwise. What the server or the network refuses is
/// Error(unavailable) that begins with the server's address. It is cut when Options::timeout is over.
class Connection {
 public:
  /// Opens it, with StartTLS where the address is ldap://. The server's certificate must be for its name.
  Connection(const std::string& url, const Options& options);
  ~Connection();

  /// Whether the server takes this password. An empty DN and password: anonymous.
  bool bind(const std::string& dn, const std::string& password);

  /// At most `most` entries. References to other servers are not followed.
  std::vector<Entry> search(const std::string& base, Reach reach, const std::string& filter,
                            const std::vector<std::string>& attributes, int most);

 private:
  struct Guard;
  struct Close {
    void operator()(::ldap* handle) const;
  };
  void set(int option, const void* value, std::string_view what);
  void encrypt(const Options& options);
  [[noreturn]] void fail_with(int result, std::string_view what) const;

  const std::string url_;
  const std::chrono::seconds timeout_;
  std::unique_ptr<Guard> guard_;
  std::unique_ptr<::ldap, Close> handle_;
};

}  // namespace cofre::ldap
