#include <algorithm>

#include "accounts/ledger.h"
#include "base/error.h"

namespace cofre::accounts {
namespace {

constexpr std::size_t rows_most = 100'000;
constexpr std::int64_t any = -1;

std::string column_of(const std::string& name) {
  if (name == "month") return "day / 100";
  for (const std::string_view known : {"day", "tenant", "department", "user", "key", "model"}) {
    if (name == known) return name;
  }
  fail_field(Code::invalid, "by", "by: \"{}\" is none of day, month, tenant, department, user, key, model",
             name.substr(0, 32));
}

bool is_about_people(const Ledger::Question& question) {
  const auto names = [](const std::string& name) { return name == "user" || name == "key"; };
  return question.user || question.key || std::any_of(question.by.begin(), question.by.end(), names);
}

/// How many of the days in `cuts` lie at or before a row's.
std::string part_text(const std::vector<std::int32_t>& cuts) {
  std::string text = "0";
  for (const auto cut : cuts) text += fmt::format(" + (day >= {})", cut);
  return text;
}

/// The table that answers. Of one user the index is named: without statistics SQLite would read the tenant's whole
/// time.
std::string_view table_of(const Ledger::Question& question) {
  if (question.user) return "usage INDEXED BY usage_by_user";
  return is_about_people(question) ? "usage" : "usage_departments";
}

std::string where_text(const Ledger::Question& question) {
  std::string where =
      "day BETWEEN ? AND ? AND (?3 < 0 OR tenant = ?3) AND (?4 < 0 OR department = ?4) AND "
      "(?5 IS NULL OR model = (SELECT id FROM usage_models WHERE name = ?5))";
  // Written only where they are wanted, so that an index serves them.
  if (question.tenant) where += fmt::format(" AND tenant = {}", *question.tenant);
  if (question.user) where += fmt::format(" AND user = {}", *question.user);
  if (question.key) where += fmt::format(" AND key = {}", *question.key);
  return where;
}

}  // namespace

std::vector<Ledger::Row> Ledger::ask(const Question& question) {
  std::string columns;
  for (const auto& name : question.by) columns += column_of(name) + ", ";
  const std::string part = part_text(question.cuts);
  std::string order;
  for (std::size_t i = 0; i <= question.by.size(); ++i) order += (i == 0 ? "" : ", ") + std::to_string(i + 1);
  const auto sql = fmt::format(
      "SELECT {}{}, sum(requests), sum(prompt), sum(cached), sum(completion), sum(reasoning), sum(cost) FROM {} WHERE "
      "{} "
      "GROUP BY {} ORDER BY {}",
      columns, part, table_of(question), where_text(question), order, order);
  std::vector<Row> rows;
  const std::lock_guard hold(database_mutex_);
  const auto by = static_cast<int>(question.by.size());
  for (auto row = database_.query(sql, question.from, question.to, question.tenant.value_or(any),
                                  question.department.value_or(any), question.model);
       row.next();) {
    if (rows.size() == rows_most) fail(Code::exhausted, "more than {} rows: ask for less", rows_most);
    auto& out = rows.emplace_back();
    for (int i = 0; i < by; ++i) out.of.push_back(row.integer(i));
    out.part = static_cast<std::size_t>(row.integer(by));
    const auto count = [&](int at) { return static_cast<std::uint64_t>(row.integer(by + at)); };
    out.spent = {count(1), count(2), count(3), count(4), count(5), count(6)};
  }
  return rows;
}

Spent Ledger::sum(const Question& question) {
  Spent all;
  for (const auto& row : ask(question)) all += row.spent;
  return all;
}

std::string Ledger::model_name(std::int64_t number) {
  const std::lock_guard hold(database_mutex_);
  auto row = database_.query("SELECT name FROM usage_models WHERE id = ?", number);
  return row.next() ? row.text(0) : "";
}

}  // namespace cofre::accounts
