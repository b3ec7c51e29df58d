#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace cofre::accounts {

/// What a caller may do. Every route names the one that it needs, or several.
enum class Scope : std::uint8_t {
  inference,  ///< ask models: chats, embeddings, responses, files, batches
  account,    ///< one's own keys, password, sessions, usage
  metrics,    ///< read /metrics
  admin,      ///< run the box: models, settings
  directory,  ///< see tenants, departments, users, keys, quotas
  people,     ///< change tenants, departments, users, quotas, prices
  security,   ///< change roles, other people's keys and sessions
  usage,      ///< see what others used
  audit,      ///< read the audit log
};

std::string_view name_of(Scope scope);

/// A set of them.
class Scopes {
 public:
  constexpr Scopes() = default;
  constexpr Scopes(Scope scope) { add(scope); }
  constexpr Scopes(std::initializer_list<Scope> scopes) {
    for (const Scope scope : scopes) add(scope);
  }
  /// From their names. Throws Error(invalid, "scope") naming the unknown one, and where there is none at all.
  static Scopes parse(const std::vector<std::string>& names);
  /// From "inference metrics".
  static Scopes parse(std::string_view text);
  static Scopes all();

  bool has(Scope scope) const noexcept { return (bits_ >> static_cast<unsigned>(scope) & 1U) != 0; }
  bool has_all(Scopes others) const noexcept { return (bits_ & others.bits_) == others.bits_; }
  bool is_empty() const noexcept { return bits_ == 0; }
  constexpr void add(Scope scope) noexcept { bits_ |= 1U << static_cast<unsigned>(scope); }
  constexpr void add(Scopes others) noexcept { bits_ |= others.bits_; }
  /// Those that are not among the others.
  Scopes without(Scopes others) const noexcept {
    others.bits_ = bits_ & ~others.bits_;
    return others;
  }
  /// What is in both.
  Scopes common(Scopes others) const noexcept {
    others.bits_ &= bits_;
    return others;
  }
  std::vector<std::string> names() const;
  std::string text() const;  ///< "inference metrics"
  bool operator==(const Scopes&) const = default;

 private:
  std::uint32_t bits_ = 0;
};

}  // namespace cofre::accounts
