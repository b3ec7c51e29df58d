#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/json.h"
#include "records/files.h"
#include "records/tables.h"

namespace cofre::records {

/// A system prompt, a model and parameters under a name, of a person; published to departments, or of its owner alone.
struct Assistant {
  std::string id;  ///< "asst_…"
  std::int64_t owner = 0, tenant = 0;
  std::string name;  ///< a–z, digits, "-", "_", "."; one of its tenant
  std::string title, description, system_prompt;
  std::optional<std::string> model{};
  json::Value parameters{};  ///< an object
  std::vector<std::string> starters{};
  std::vector<std::int64_t> departments{};
  bool everyone = false;  ///< of the tenant
  std::int64_t created = 0, updated = 0;

  bool is_published() const noexcept { return everyone || !departments.empty(); }
};

/// The assistants of the box. What a reader may not see is not there. Any thread; waits for the disk.
class Assistants {
 public:
  static constexpr std::int64_t of_owner_max = 200;
  static constexpr std::size_t name_bytes_max = 64;
  static constexpr std::size_t title_bytes_max = 200;
  static constexpr std::size_t description_bytes_max = 2000;
  static constexpr std::size_t prompt_bytes_max = 64 << 10;
  static constexpr std::size_t starters_max = 8, starter_bytes_max = 500;
  static constexpr std::size_t departments_max = 256;

  explicit Assistants(Tables& tables, Clock clock = system_seconds) : tables_(tables), clock_(std::move(clock)) {}

  /// Who looks: their own, and those that are published to their department or tenant; all that are published in the
  /// tenant where `sees_published`.
  struct Reader {
    std::int64_t owner = 0, tenant = 0, department = 0;
    bool sees_published = false;
  };
  struct Change {
    std::optional<std::string> name{}, title{}, description{}, system_prompt{};
    std::optional<std::optional<std::string>> model{};  ///< inner: none
    std::optional<json::Object> parameters{};
    std::optional<std::vector<std::string>> starters{};
    std::optional<std::vector<std::int64_t>> departments{};
    std::optional<bool> everyone{};
  };

  /// Requires a name. Throws Error(invalid, name) where it is taken or no name, Error(exhausted) where the owner has
  /// too many.
  Assistant create(std::int64_t owner, std::int64_t tenant, const Change& with);
  std::optional<Assistant> find(const Reader& reader, std::string_view id) const;
  std::optional<Assistant> named(const Reader& reader, std::string_view name) const;
  /// By name, one more than the limit where there are more. Throws Error(invalid, after).
  std::vector<Assistant> list(const Reader& reader, const Page& page) const;
  /// Throws as create().
  Assistant change(const Assistant& assistant, const Change& with);
  void remove(const Assistant& assistant);
  /// All of an owner's.
  void remove_of(std::int64_t owner);

 private:
  std::optional<Assistant> find(const Reader& reader, std::string_view column, std::string_view value) const;
  void write(const Assistant& assistant);

  Tables& tables_;
  Clock clock_;
};

}  // namespace cofre::records
