#include "records/assistants.h"

#include <algorithm>

#include "base/error.h"
#include "records/holders.h"

namespace cofre::records {
namespace {

constexpr std::string_view columns =
    "id, owner, tenant, name, title, description, system_prompt, model, parameters, starters, departments, "
    "everyone, created, updated";

/// ?1: the reader, ?2: the tenant, ?3: the department, ?4: whether all that is published is seen.
constexpr std::string_view visible =
    "(owner = ?1 OR (tenant = ?2 AND (everyone OR ?3 IN (SELECT value FROM json_each(departments)) OR (?4 AND "
    "departments <> '[]'))))";

Assistant assistant_of(const store::Statement& row) {
  Assistant one;
  one.id = row.text(0);
  one.owner = row.integer(1);
  one.tenant = row.integer(2);
  one.name = row.text(3);
  one.title = row.text(4);
  one.description = row.text(5);
  one.system_prompt = row.text(6);
  one.model = row.text_if_any(7);
  one.parameters = json::parse(row.text(8));
  const auto starters = json::parse(row.text(9)), departments = json::parse(row.text(10));
  for (const auto& starter : starters.as_array()) one.starters.emplace_back(starter.as_string());
  for (const auto& department : departments.as_array()) one.departments.push_back(department.as_int64());
  one.everyone = row.integer(11) != 0;
  one.created = row.integer(12);
  one.updated = row.integer(13);
  return one;
}

void check_name(std::string_view name) {
  const bool good =
      !name.empty() && name.size() <= Assistants::name_bytes_max && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
      });
  if (!good)
    fail_field(Code::invalid, "name", "name: must have 1 to {} of a–z, 0–9, \"-\", \"_\", \".\"",
               Assistants::name_bytes_max);
}

void apply(Assistant& to, const Assistants::Change& with) {
  if (with.name) check_name(*with.name), to.name = *with.name;
  if (with.title) to.title = *with.title;
  if (with.description) to.description = *with.description;
  if (with.system_prompt) to.system_prompt = *with.system_prompt;
  if (with.model) to.model = *with.model;
  if (with.parameters) to.parameters = *with.parameters;
  if (with.starters) to.starters = *with.starters;
  if (with.departments) to.departments = *with.departments;
  if (with.everyone) to.everyone = *with.everyone;
}

template <class T>
std::string list_text(const std::vector<T>& all) {
  json::Array list;
  for (const auto& one : all) list.emplace_back(one);
  return json::dump(list);
}

}  // namespace

/// With the mutex held.
void Assistants::write(const Assistant& one) {
  check_not_erased(tables_.database, static_cast<std::uint64_t>(one.owner));
  {
    auto row = tables_.database.query("SELECT 1 FROM assistants WHERE tenant = ? AND name = ? AND id <> ?", one.tenant,
                                      one.name, one.id);
    if (row.next()) fail_field(Code::invalid, "name", "name: there is an assistant \"{}\" already", one.name);
  }
  tables_.database.run(
      "INSERT INTO assistants (id, owner, tenant, name, title, description, system_prompt, model, parameters, "
      "starters, "
      "departments, everyone, created, updated) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO "
      "UPDATE SET name = excluded.name, title = excluded.title, description = excluded.description, system_prompt = "
      "excluded.system_prompt, model = excluded.model, parameters = excluded.parameters, starters = excluded.starters, "
      "departments = excluded.departments, everyone = excluded.everyone, updated = excluded.updated",
      one.id, one.owner, one.tenant, one.name, one.title, one.description, one.system_prompt, one.model,
      json::dump(one.parameters), list_text(one.starters), list_text(one.departments), one.everyone, one.created,
      one.updated);
}

Assistant Assistants::create(std::int64_t owner, std::int64_t tenant, const Change& with) {
  Assistant made;
  made.id = new_id("asst_");
  made.owner = owner;
  made.tenant = tenant;
  made.parameters = json::Object();
  made.created = made.updated = clock_();
  apply(made, with);
  check_name(made.name);
  const std::lock_guard hold(tables_.mutex);
  {
    auto row = tables_.database.query("SELECT count(*) FROM assistants WHERE owner = ?", owner);
    if (row.next() && row.integer(0) >= of_owner_max)
      fail(Code::exhausted, "you have {} assistants; that is the most", of_owner_max);
  }
  write(made);
  return made;
}

Assistant Assistants::change(const Assistant& assistant, const Change& with) {
  auto changed = assistant;
  apply(changed, with);
  changed.updated = clock_();
  const std::lock_guard hold(tables_.mutex);
  write(changed);
  return changed;
}

std::optional<Assistant> Assistants::find(const Reader& reader, std::string_view column, std::string_view value) const {
  const std::lock_guard hold(tables_.mutex);
  auto row = tables_.database.query(
      fmt::format("SELECT {} FROM assistants WHERE {} AND {} = ?5 AND tenant = ?2", columns, visible, column),
      reader.owner, reader.tenant, reader.department, reader.sees_published, value);
  if (!row.next()) return std::nullopt;
  return assistant_of(row);
}

std::optional<Assistant> Assistants::find(const Reader& reader, std::string_view id) const {
  return find(reader, "id", id);
}

std::optional<Assistant> Assistants::named(const Reader& reader, std::string_view name) const {
  return find(reader, "name", name);
}

std::vector<Assistant> Assistants::list(const Reader& reader, const Page& page) const {
  std::string after;
  if (page.after) {
    const auto found = find(reader, *page.after);
    if (!found) fail_field(Code::invalid, "after", "after: there is no assistant \"{}\"", page.after->substr(0, 64));
    after = found->name;
  }
  std::vector<Assistant> all;
  const std::lock_guard hold(tables_.mutex);
  for (auto row = tables_.database.query(
           fmt::format("SELECT {} FROM assistants WHERE {} AND tenant = ?2 AND name > ?5 ORDER BY name LIMIT ?6",
                       columns, visible),
           reader.owner, reader.tenant, reader.department, reader.sees_published, after,
           static_cast<std::int64_t>(page.limit) + 1);
       row.next();)
    all.push_back(assistant_of(row));
  return all;
}

void Assistants::remove(const Assistant& assistant) {
  const std::lock_guard hold(tables_.mutex);
  tables_.database.run("DELETE FROM assistants WHERE id = ?", assistant.id);
}

void Assistants::remove_of(std::int64_t owner) {
  const std::lock_guard hold(tables_.mutex);
  tables_.database.run("DELETE FROM assistants WHERE owner = ?", owner);
}

}  // namespace cofre::records
