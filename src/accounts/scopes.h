#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace cofre::accounts {

/// What a caller may do. Every route names the one that it needs.
enum class Scope : std::uint8_t {
  inference,  ///< ask models: chats, embeddings, responses, files, batches
  metrics,    ///< read /metrics
  admin,      ///< manage the box
};

std::string_view name_of(Scope scope);

/// A set of them.
class Scopes {
 public:
  Scopes() = default;
  Scopes(std::initializer_list<Scope> scopes) {
    for (const Scope scope : scopes) add(scope);
  }
  /// From their names. Throws Error(invalid, "scope") naming the unknown one, and where there is none at all.
  static Scopes parse(const std::vector<std::string>& names);
  /// From "inference metrics".
  static Scopes parse(std::string_view text);

  bool has(Scope scope) const noexcept { return (bits_ >> static_cast<unsigned>(scope) & 1U) != 0; }
  void add(Scope scope) noexcept { bits_ |= 1U << static_cast<unsigned>(scope); }
  std::vector<std::string> names() const;
  std::string text() const;  ///< "inference metrics"
  bool operator==(const Scopes&) const = default;

 private:
  std::uint32_t bits_ = 0;
};

}  // namespace cofre::accounts
