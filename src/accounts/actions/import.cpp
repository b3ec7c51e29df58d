#include <algorithm>
#include <array>
#include <map>

#include "accounts/actions/lookup.h"
#include "accounts/actions/new_owner.h"
#include "accounts/actions/rows.h"
#include "base/error.h"
#include "text/csv.h"

namespace cofre::accounts {
namespace {

using json::Array;
using json::Object;

constexpr text::CsvLimits limits{.bytes = 512 << 10, .rows = 5001, .cells = 16};
constexpr std::array<std::string_view, 5> known_columns{"name", "label", "tenant", "department", "roles"};

/// "Name " as people write it in a table: "name".
std::string column_of(std::string_view cell) {
  while (cell.starts_with(' ')) cell.remove_prefix(1);
  while (cell.ends_with(' ')) cell.remove_suffix(1);
  std::string name(cell);
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return name;
}

std::vector<std::string> columns_of(const std::vector<text::CsvRow>& rows) {
  if (rows.empty()) fail_field(Code::invalid, "csv", "csv: has no first line that names its columns");
  std::vector<std::string> columns;
  for (const auto& cell : rows.front().cells) {
    auto column = column_of(cell);
    if (std::find(known_columns.begin(), known_columns.end(), column) == known_columns.end()) {
      fail_field(Code::invalid, "csv", "csv: line {}: \"{}\" is none of the columns {}", rows.front().line,
                 cell.substr(0, 64), fmt::join(known_columns, ", "));
    }
    if (std::find(columns.begin(), columns.end(), column) != columns.end()) {
      fail_field(Code::invalid, "csv", "csv: line {}: the column {} is named twice", rows.front().line, column);
    }
    columns.push_back(std::move(column));
  }
  if (std::find(columns.begin(), columns.end(), "name") == columns.end()) {
    fail_field(Code::invalid, "csv", "csv: line {}: the column name is missing", rows.front().line);
  }
  return columns;
}

/// "user auditor", "user,auditor".
Array roles_of(std::string_view cell) {
  Array roles;
  while (true) {
    cell.remove_prefix(std::min(cell.find_first_not_of(" ,;"), cell.size()));
    if (cell.empty()) return roles;
    const auto end = std::min(cell.find_first_of(" ,;"), cell.size());
    roles.emplace_back(cell.substr(0, end));
    cell.remove_prefix(end);
  }
}

/// A row as the request that would make this user. Empty cells are absent.
Object request_of(const std::vector<std::string>& columns, const text::CsvRow& row, std::int64_t tenant) {
  if (row.cells.size() != columns.size()) {
    fail_field(Code::invalid, "csv", "has {} cells where the first line has {}", row.cells.size(), columns.size());
  }
  Object request{{"tenant", tenant}};
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (row.cells[i].empty()) continue;
    request[columns[i]] = columns[i] == "roles" ? json::Value(roles_of(row.cells[i])) : json::Value(row.cells[i]);
  }
  return request;
}

/// The users of a table whose rows are all good. Else throws Error(invalid, csv) that tells of every bad row.
class Table {
 public:
  Table(Accounts& accounts, const Actor& actor, std::int64_t tenant)
      : accounts_(accounts), actor_(actor), tenant_(tenant) {}

  std::vector<Owner> read(std::string_view csv) {
    const auto rows = text::read_csv(csv, limits);
    const auto columns = columns_of(rows);
    std::vector<Owner> users;
    std::string wrong;
    std::size_t wrong_rows = 0;
    for (auto row = rows.begin() + 1; row != rows.end(); ++row) {
      if (std::all_of(row->cells.begin(), row->cells.end(), [](const auto& cell) { return cell.empty(); })) continue;
      try {
        users.push_back(user_of(columns, *row));
      } catch (const Error& error) {
        wrong += fmt::format("; line {}: {}", row->line, error.what());
        ++wrong_rows;
      }
    }
    if (wrong_rows > 0)
      fail_field(Code::invalid, "csv", "csv: nobody is imported, wrong rows: {}{}", wrong_rows, wrong);
    if (users.empty()) fail_field(Code::invalid, "csv", "csv: has no row of a user");
    return users;
  }

 private:
  Owner user_of(const std::vector<std::string>& columns, const text::CsvRow& row) {
    auto wanted = new_owner(accounts_, actor_, request_of(columns, row, tenant_));
    // Whoever has the link can act as this user.
    if (!actor_.scopes.has_all(wanted.scopes())) {
      fail_field(Code::invalid, "roles", "roles: may do more than you");
    }
    accounts_.directory.check_owner(wanted);
    const auto [at, is_new] = lines_.try_emplace({wanted.tenant, wanted.name}, row.line);
    if (!is_new) fail_field(Code::invalid, "name", "name: {} stands in line {} already", wanted.name, at->second);
    return wanted;
  }

  Accounts& accounts_;
  const Actor& actor_;
  const std::int64_t tenant_;  ///< of rows that name none
  std::map<std::pair<std::int64_t, std::string>, std::size_t> lines_;
};

Object import_users(Accounts& accounts, const Actor& actor, const Object& in) {
  Fields fields(in);
  const auto csv = fields.text("csv");
  const bool dry_run = fields.flag("dry_run");
  const auto tenant = tenant_of(accounts, actor, fields).id;
  fields.done();
  auto wanted = Table(accounts, actor, tenant).read(csv);
  Array users;
  if (dry_run) {
    for (const auto& owner : wanted) {
      auto object = shown(accounts, owner);
      object.erase("id");
      object.erase("created");
      users.push_back(std::move(object));
    }
    return {{"users", std::move(users)}};
  }
  std::vector<std::string> links;
  const auto made = accounts.directory.create_owners(std::move(wanted), [&](const Owner& owner) {
    links.push_back(link_text(accounts, accounts.sign_in.add_link(owner.id, invitation_s)));
  });
  for (std::size_t i = 0; i < made.size(); ++i) {
    auto object = shown(accounts, made[i]);
    object["link"] = links[i];
    object["expires"] = made[i].created + invitation_s;
    users.push_back(std::move(object));
  }
  return {{"users", std::move(users)}};
}

constexpr Action rows[] = {{"user.import", Scope::people, true, import_users}};

}  // namespace

std::span<const Action> import_actions() { return rows; }

}  // namespace cofre::accounts
