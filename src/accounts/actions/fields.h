#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "json/json.h"

namespace cofre::accounts {

/// The members of an action's request, read strictly: what is unknown, of the wrong type or out of range is
/// Error(invalid, field). A query of a URL has texts only: they are read as numbers and lists (commas between) where
/// these are wanted.
class Fields {
 public:
  explicit Fields(const json::Object& object) : object_(object) {}

  bool has(std::string_view name);
  std::string text(std::string_view name);
  std::optional<std::string> text_if_any(std::string_view name);
  std::int64_t number(std::string_view name, std::int64_t least, std::int64_t most);
  std::optional<std::int64_t> number_if_any(std::string_view name, std::int64_t least, std::int64_t most);
  double real(std::string_view name);
  std::optional<double> real_if_any(std::string_view name);
  bool flag(std::string_view name);  ///< false where it is absent
  std::optional<std::vector<std::string>> texts_if_any(std::string_view name);
  /// A name, or a number: the id.
  struct Reference {
    std::int64_t id = 0;  ///< 0: `name` names it
    std::string name;
  };
  std::optional<Reference> reference_if_any(std::string_view name);
  /// To be called when all that is known was read.
  void done() const;

 private:
  const json::Value* find(std::string_view name);

  const json::Object& object_;
  std::set<std::string, std::less<>> known_{"do"};
};

}  // namespace cofre::accounts
