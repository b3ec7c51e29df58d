#include "ldap/client.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "ldap/connection.h"
#include "ldap/names.h"
#include "os/disk.h"
#include "text/unicode.h"
#include "text/utf8.h"

namespace cofre::ldap {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t name_bytes_max = 256;
constexpr std::size_t password_bytes_max = 1024;
constexpr int groups_most = 1000;
constexpr std::chrono::minutes last_for{1};  ///< how long a server that failed is asked last

std::string read_password(const std::string& path) {
  if (path.empty()) return {};
  auto password = os::read_whole(path, password_bytes_max);
  while (!password.empty() && (password.back() == '\n' || password.back() == '\r')) password.pop_back();
  if (password.empty()) fail(Code::invalid, "ldap.password_file: {} is empty", path);
  return password;
}

void bind_service(Connection& connection, const Options& options) {
  if (connection.bind(options.bind_dn, read_password(options.password_file))) return;
  fail(Code::unavailable, "the server refuses {}", options.bind_dn.empty() ? "an anonymous search" : options.bind_dn);
}

/// The value by which somebody signs in under this name. Servers compare more loosely than we do (spaces, accents):
/// what differs by more than the case of letters is another name.
std::optional<std::string> name_among(const std::vector<std::string>& values, const std::string& name) {
  const auto found = std::find_if(values.begin(), values.end(), [&](const std::string& value) {
    return !text::find_invalid_utf8(value) && text::to_lower(value) == text::to_lower(name);
  });
  return found == values.end() ? std::nullopt : std::optional(*found);
}

/// Of the user by its attribute, and by a search where there is a filter for one.
std::vector<std::string> groups_of(Connection& connection, const Options& options, const Entry& user,
                                   const std::string& name) {
  auto dns = user.values.at(1);
  if (!options.group_filter.empty()) {
    const auto filter =
        filled(filled(options.group_filter, "{user}", filter_value(name)), "{dn}", filter_value(user.dn));
    for (auto& group : connection.search(options.base, Reach::below, filter, {"1.1"}, groups_most)) {
      dns.push_back(std::move(group.dn));
    }
  }
  std::vector<std::string> groups;
  for (const auto& dn : dns) {
    if (auto normal = normal_dn(dn)) groups.push_back(std::move(*normal));
  }
  return groups;
}

bool can_be_right(std::string_view name, std::string_view password) {
  return !name.empty() && name.size() <= name_bytes_max && name.find('\0') == name.npos &&
         !text::find_invalid_utf8(name) && !password.empty() && password.size() <= password_bytes_max &&
         password.find('\0') == password.npos;
}

}  // namespace

Client::Client(Options options) : options_(std::move(options)), failed_(options_.urls.size()) {}

std::vector<std::size_t> Client::order() const {
  std::vector<std::size_t> order(options_.urls.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto now = Clock::now();
  const std::scoped_lock lock(mutex_);
  std::stable_partition(order.begin(), order.end(),
                        [&](std::size_t i) { return !failed_[i] || now - *failed_[i] > last_for; });
  return order;
}

std::optional<Person> Client::verify(std::string_view name, std::string_view password) {
  if (!can_be_right(name, password)) return std::nullopt;
  std::string problems;
  for (const auto i : order()) {
    try {
      return verify_at(options_.urls[i], std::string(name), std::string(password));
    } catch (const Error& error) {
      problems += (problems.empty() ? "" : "; ") + std::string(error.what());
      const std::scoped_lock lock(mutex_);
      failed_[i] = Clock::now();
    }
  }
  fail(Code::unavailable, "{}", problems);
}

std::optional<Person> Client::verify_at(const std::string& url, const std::string& name,
                                        const std::string& password) const {
  const std::vector<std::string> wanted{options_.name_attribute, options_.group_attribute};
  const bool searches = options_.user_dn.empty();
  Connection connection(url, options_);
  std::vector<Entry> found;
  if (searches) {
    bind_service(connection, options_);
    const auto filter = filled(options_.user_filter, "{user}", filter_value(name));
    found = connection.search(options_.base, Reach::below, filter, wanted, 2);
  } else {
    const auto dn = filled(options_.user_dn, "{user}", dn_value(name));
    if (!connection.bind(dn, password)) return std::nullopt;
    found = connection.search(dn, Reach::one, "(objectClass=*)", wanted, 1);
  }
  if (found.size() != 1 || found.front().dn.empty()) return std::nullopt;
  const auto& user = found.front();
  auto its_name = name_among(user.values.at(0), name);
  if (!its_name) return std::nullopt;
  auto groups = groups_of(connection, options_, user, *its_name);
  if (searches && !connection.bind(user.dn, password)) return std::nullopt;
  return Person{std::move(*its_name), std::move(groups)};
}

void Client::probe(const std::string& url) const {
  Connection connection(url, options_);
  const bool searches = options_.user_dn.empty();
  if (searches) bind_service(connection, options_);
  connection.search(searches ? options_.base : "", Reach::one, "(objectClass=*)", {"1.1"}, 1);
}

}  // namespace cofre::ldap
