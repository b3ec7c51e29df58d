#include <algorithm>
#include <chrono>
#include <map>

#include "accounts/actions/lookup.h"
#include "accounts/actions/rows.h"
#include "base/error.h"

namespace cofre::accounts {
namespace {

using json::Array;
using json::Object;

Object shown(const Price& price) {
  const auto or_null = [](const std::optional<double>& value) {
    return value ? json::Value(*value) : json::Value(nullptr);
  };
  return {{"model", price.model},
          {"since", day_text(price.since)},
          {"currency", price.currency},
          {"input", price.input},
          {"output", price.output},
          {"cached", or_null(price.cached)},
          {"input_peak", or_null(price.input_peak)},
          {"output_peak", or_null(price.output_peak)},
          {"cached_peak", or_null(price.cached_peak)},
          {"note", price.note}};
}

/// The names behind the numbers of a report.
class Names {
 public:
  explicit Names(Accounts& accounts) : accounts_(accounts) {}
  json::Value of(const std::string& column, std::int64_t number) {
    if (column == "day" || column == "month") return json::Value(day_text(number));
    const auto [at, is_new] = known_.try_emplace({column, number});
    if (is_new) at->second = find(column, number);
    return at->second;
  }

 private:
  json::Value find(const std::string& column, std::int64_t number) {
    const auto name_or_null = [](const auto& found) { return found ? json::Value(found->name) : json::Value(nullptr); };
    if (column == "tenant") return name_or_null(accounts_.directory.find_tenant(number));
    if (column == "department") return name_or_null(accounts_.directory.find_department(number));
    if (column == "user") return name_or_null(accounts_.directory.find_owner(number));
    if (column == "key") return name_or_null(accounts_.keys.find(number));
    return json::Value(accounts_.ledger.model_name(number));
  }

  Accounts& accounts_;
  std::map<std::pair<std::string, std::int64_t>, json::Value> known_;
};

struct Costs {
  double list = 0, peak = 0;
};

/// Of one row of the answer: rows of the ledger that differ in their price alone are one.
struct Line {
  std::vector<std::int64_t> of;
  Spent spent;
  Costs costs;
};

std::vector<Line> lines_of(const std::vector<Ledger::Row>& rows, const std::vector<Price>& prices) {
  std::vector<Line> lines;
  for (const auto& row : rows) {
    if (lines.empty() || lines.back().of != row.of) lines.push_back({row.of, {}, {}});
    lines.back().spent += row.spent;
    if (prices.empty()) continue;
    lines.back().costs.list += cost_of(prices[row.part], row.spent);
    lines.back().costs.peak += peak_cost_of(prices[row.part], row.spent);
  }
  return lines;
}

/// In which currency the cost of a line is summed; empty: in several.
std::string currency_of(const Accounts& accounts, const Ledger::Question& question, const Line& line) {
  const auto at = std::find(question.by.begin(), question.by.end(), "tenant");
  auto tenant = question.tenant;
  if (at != question.by.end()) tenant = line.of[static_cast<std::size_t>(at - question.by.begin())];
  if (!tenant && question.user) tenant = accounts.directory.tenant_of(*question.user);
  if (tenant) {
    const auto found = accounts.directory.find_tenant(*tenant);
    return found ? found->currency : "";
  }
  const auto all = accounts.directory.currencies();
  return all.size() == 1 ? *all.begin() : "";
}

Object object_of(const Line& line, const std::vector<std::string>& by, const std::string& currency,
                 const std::vector<Price>& prices, Names& names) {
  Object object;
  for (std::size_t i = 0; i < by.size(); ++i) {
    object[by[i]] = names.of(by[i], line.of[i]);
    if (by[i] != "day" && by[i] != "month" && by[i] != "model") object[by[i] + "_id"] = line.of[i];
  }
  object["requests"] = line.spent.requests;
  object["prompt_tokens"] = line.spent.prompt;
  object["cached_tokens"] = line.spent.cached;
  object["completion_tokens"] = line.spent.completion;
  object["reasoning_tokens"] = line.spent.reasoning;
  object["spent_micro"] = currency.empty() ? json::Value(nullptr) : json::Value(line.spent.cost);
  object["spent_currency"] = currency.empty() ? json::Value(nullptr) : json::Value(currency);
  if (prices.empty()) return object;
  object["cost"] = line.costs.list;
  object["cost_peak"] = line.costs.peak;
  object["currency"] = prices.back().currency;
  return object;
}

/// RFC 4180; what a spreadsheet would take for a formula is made text.
std::string csv_cell(const json::Value& value) {
  if (value.is_null()) return "";
  if (!value.is_string()) return json::dump(value);
  std::string text(value.get_string());
  if (!text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos) text.insert(0, "'");
  if (text.find_first_of(",\"\r\n") == text.npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + '"';
}

std::string csv_of(const Array& rows) {
  std::string csv;
  if (!rows.empty()) {
    for (const auto& cell : rows.front().as_object()) csv += (csv.empty() ? "" : ",") + std::string(cell.key());
    csv += "\r\n";
  }
  for (const auto& row : rows) {
    std::string line;
    for (const auto& cell : row.as_object()) line += csv_cell(cell.value()) + ",";
    line.back() = '\r';
    csv += line + '\n';
  }
  return csv;
}

struct Wish {
  Ledger::Question question;
  std::optional<std::string> as;
  bool csv = false;
};

Wish wish_of(Fields& fields) {
  Wish wish;
  if (const auto from = fields.text_if_any("from")) wish.question.from = day_of(*from, "from");
  if (const auto to = fields.text_if_any("to")) wish.question.to = day_of(*to, "to");
  wish.question.by = fields.texts_if_any("by").value_or(std::vector<std::string>{"month", "model"});
  auto sorted = wish.question.by;
  std::sort(sorted.begin(), sorted.end());
  if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) {
    fail_field(Code::invalid, "by", "by: a column is named twice");
  }
  wish.question.model = fields.text_if_any("model");
  wish.as = fields.text_if_any("as");
  const auto format = fields.text_if_any("format").value_or("json");
  if (format != "json" && format != "csv") fail_field(Code::invalid, "format", "format: must be json or csv");
  wish.csv = format == "csv";
  return wish;
}

/// The number of days from one to the other, both of them too.
std::int64_t days_between(std::int32_t first, std::int32_t last) {
  const auto days = [](std::int32_t number) {
    using namespace std::chrono;
    return sys_days(year(number / 10000) / (number / 100 % 100) / (number % 100)).time_since_epoch().count();
  };
  return days(last) - days(first) + 1;
}

/// The box beside the cloud, from the first day on that anything was used; nothing where the settings do not say what
/// the box costs.
std::optional<Object> machine_beside(Accounts& accounts, const Wish& wish, const std::vector<Line>& lines,
                                     const std::vector<Price>& prices) {
  if (!accounts.machine_cost) return std::nullopt;
  const auto machine = accounts.machine_cost();
  if (machine.a_month() <= 0) return std::nullopt;
  CloudCost cloud{.currency = prices.back().currency, .days = 0, .spent = {}};
  for (const auto& line : lines) {
    cloud.spent += line.spent;
    cloud.list += line.costs.list;
    cloud.peak += line.costs.peak;
  }
  auto by_day = wish.question;
  by_day.by = {"day"};
  by_day.cuts = {};
  if (const auto days = accounts.ledger.ask(by_day); !days.empty()) {
    const auto used_first = static_cast<std::int32_t>(days.front().of.front());
    const auto used_last = static_cast<std::int32_t>(days.back().of.front());
    const auto today = std::max(accounts.ledger.time_of(home_tenant, accounts.clock()).day, used_last);
    cloud.days = days_between(std::max(wish.question.from, used_first), std::min(wish.question.to, today));
  }
  return break_even(machine, cloud);
}

Object report(Accounts& accounts, Wish wish, bool shows_machine) {
  std::vector<Price> prices;
  if (wish.as) prices = accounts.prices.of(*wish.as);
  for (std::size_t i = 1; i < prices.size(); ++i) wish.question.cuts.push_back(prices[i].since);
  accounts.ledger.flush();
  const auto lines = lines_of(accounts.ledger.ask(wish.question), prices);
  Names names(accounts);
  Array rows;
  for (const auto& line : lines) {
    rows.emplace_back(object_of(line, wish.question.by, currency_of(accounts, wish.question, line), prices, names));
  }
  if (wish.csv) return {{"csv", csv_of(rows)}};
  Object answer{{"usage", std::move(rows)}};
  if (wish.as) {
    Array list;
    for (const auto& price : prices) list.emplace_back(shown(price));
    answer["prices"] = std::move(list);
    const auto machine = shows_machine ? machine_beside(accounts, wish, lines, prices) : std::nullopt;
    if (machine) answer["machine"] = *machine;
  }
  return answer;
}

Object show_usage(Accounts& accounts, const Actor& actor, const Object& in) {
  Fields fields(in);
  auto wish = wish_of(fields);
  const bool one_tenant = actor.tenant != home_tenant || fields.has("tenant");
  if (one_tenant) wish.question.tenant = tenant_of(accounts, actor, fields).id;
  if (fields.has("department")) {
    const auto department = department_of(accounts, actor, fields, wish.question.tenant.value_or(actor.tenant));
    wish.question.department = department.id;
  }
  if (fields.has("user")) wish.question.user = owner_of(accounts, actor, fields).id;
  if (fields.has("key")) wish.question.key = key_of(accounts, actor, fields).id;
  fields.done();
  return report(accounts, std::move(wish), actor.tenant == home_tenant);  // what the box costs is its owner's matter
}

Object show_own(Accounts& accounts, const Actor& actor, const Object& in) {
  Fields fields(in);
  auto wish = wish_of(fields);
  wish.question.user = actor.user;
  if (fields.has("key")) wish.question.key = fields.number("key", 1, std::int64_t{1} << 60);
  fields.done();
  return report(accounts, std::move(wish), false);
}

Object list_prices(Accounts& accounts, const Actor&, const Object& in) {
  Fields(in).done();
  Array prices;
  for (const auto& price : accounts.prices.list()) prices.emplace_back(shown(price));
  return {{"prices", std::move(prices)}};
}

void must_be_home(const Actor& actor) {
  if (actor.tenant == home_tenant) return;
  fail_field(Code::not_found, "model", "model: the price lists belong to the home tenant");
}

Object set_price(Accounts& accounts, const Actor& actor, const Object& in) {
  must_be_home(actor);
  Fields fields(in);
  Price price;
  price.model = fields.text("model");
  price.since = day_of(fields.text("since"), "since");
  price.currency = fields.text_if_any("currency").value_or("CNY");
  price.input = fields.real("input");
  price.output = fields.real("output");
  price.cached = fields.real_if_any("cached");
  price.input_peak = fields.real_if_any("input_peak");
  price.output_peak = fields.real_if_any("output_peak");
  price.cached_peak = fields.real_if_any("cached_peak");
  price.note = fields.text_if_any("note").value_or("");
  fields.done();
  accounts.prices.set(price);
  return shown(price);
}

Object remove_price(Accounts& accounts, const Actor& actor, const Object& in) {
  must_be_home(actor);
  Fields fields(in);
  const auto model = fields.text("model");
  const auto since = fields.text("since");
  fields.done();
  accounts.prices.remove(model, day_of(since, "since"));
  return {{"model", model}, {"since", since}};
}

constexpr Action rows[] = {
    {"usage.show", Scope::usage, false, show_usage},     {"me.usage", Scope::account, false, show_own},
    {"price.list", Scope::usage, false, list_prices},    {"price.set", Scope::people, true, set_price},
    {"price.remove", Scope::people, true, remove_price},
};

}  // namespace

std::span<const Action> usage_actions() { return rows; }

}  // namespace cofre::accounts
