#include "accounts/prices.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>

#include "accounts/names.h"
#include "base/error.h"

namespace cofre::accounts {
namespace {

constexpr double tokens_of_price = 1e6;
constexpr double price_most = 1e6;

std::optional<double> real_if_any(const store::Statement& row, int column) {
  return row.is_null(column) ? std::nullopt : std::optional(row.real(column));
}

void check_price(std::string_view field, std::optional<double> price) {
  if (price && !(*price >= 0 && *price <= price_most)) {
    fail_field(Code::invalid, std::string(field), "{}: must be from 0 to {:.0f}", field, price_most);
  }
}

/// Of a price, which is from 0 to price_most.
std::uint64_t money_of_price(double price) {
  return static_cast<std::uint64_t>(std::llround(price * static_cast<double>(money_unit)));
}

double sum(const Spent& spent, double input, double output, double cached) {
  const auto prompt = static_cast<double>(spent.prompt), reused = static_cast<double>(spent.cached);
  return ((prompt - std::min(prompt, reused)) * input + reused * cached +
          static_cast<double>(spent.completion) * output) /
         tokens_of_price;
}

}  // namespace

double cost_of(const Price& price, const Spent& spent) {
  return sum(spent, price.input, price.output, price.cached.value_or(price.input));
}

double peak_cost_of(const Price& price, const Spent& spent) {
  const double input = price.input_peak.value_or(price.input);
  const double cached = price.cached_peak.value_or(price.cached.value_or(input));
  return sum(spent, input, price.output_peak.value_or(price.output), cached);
}

Prices::Prices(store::Database& database, std::mutex& database_mutex)
    : database_(database), database_mutex_(database_mutex) {
  const std::lock_guard hold(database_mutex_);
  for (auto row = database_.query("SELECT model, since, currency, input, output, cached, input_peak, output_peak, "
                                  "cached_peak, note FROM prices");
       row.next();) {
    const auto since = static_cast<std::int32_t>(row.integer(1));
    prices_[row.text(0)][since] = {row.text(0),         since,
                                   row.text(2),         row.real(3),
                                   row.real(4),         real_if_any(row, 5),
                                   real_if_any(row, 6), real_if_any(row, 7),
                                   real_if_any(row, 8), row.text(9)};
  }
}

std::vector<Price> Prices::list() const {
  std::vector<Price> all;
  const std::shared_lock hold(mutex_);
  for (const auto& [model, dated] : prices_) {
    for (const auto& [since, price] : dated) all.push_back(price);
  }
  return all;
}

std::vector<Price> Prices::of(std::string_view model) const {
  std::vector<Price> all;
  const std::shared_lock hold(mutex_);
  const auto found = prices_.find(model);
  if (found == prices_.end()) fail_field(Code::not_found, "as", "as: there is no price of {}", model.substr(0, 64));
  for (const auto& [since, price] : found->second) all.push_back(price);
  return all;
}

std::optional<Rate> Prices::rate(std::string_view model, std::string_view currency, std::int32_t day) const {
  const std::shared_lock hold(mutex_);
  const auto found = prices_.find(model);
  if (found == prices_.end()) return std::nullopt;
  const Price* holds = nullptr;
  for (const auto& [since, price] : found->second) {
    if (price.currency == currency && (holds == nullptr || since <= day)) holds = &price;
  }
  if (holds == nullptr) return std::nullopt;
  return Rate{money_of_price(holds->input), money_of_price(holds->output),
              money_of_price(holds->cached.value_or(holds->input))};
}

bool Prices::has_any(std::string_view model, std::string_view currency) const {
  const std::shared_lock hold(mutex_);
  for (const auto& [name, dated] : prices_) {
    if (!model.empty() && name != model) continue;
    for (const auto& [since, price] : dated) {
      if (price.currency == currency) return true;
    }
  }
  return false;
}

void Prices::set(const Price& price) {
  check_name(price.model, "model");
  for (const auto& [field, value] : {std::pair<std::string_view, std::optional<double>>{"input", price.input},
                                     {"output", price.output},
                                     {"cached", price.cached},
                                     {"input_peak", price.input_peak},
                                     {"output_peak", price.output_peak},
                                     {"cached_peak", price.cached_peak}}) {
    check_price(field, value);
  }
  const std::lock_guard hold(database_mutex_);
  database_.run("INSERT OR REPLACE INTO prices VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", price.model, price.since,
                price.currency, price.input, price.output, price.cached, price.input_peak, price.output_peak,
                price.cached_peak, price.note);
  const std::unique_lock change(mutex_);
  prices_[price.model][price.since] = price;
}

void Prices::remove(std::string_view model, std::int32_t since) {
  const std::lock_guard hold(database_mutex_);
  database_.run("DELETE FROM prices WHERE model = ? AND since = ?", model, since);
  if (database_.changes() == 0) fail_field(Code::not_found, "model", "model: there is no such price");
  const std::unique_lock change(mutex_);
  const auto found = prices_.find(model);
  found->second.erase(since);
  if (found->second.empty()) prices_.erase(found);
}

std::int32_t day_of(std::string_view text, std::string_view field) {
  int year = 0;
  unsigned month = 0, day = 0;
  const auto read = [&](std::size_t at, std::size_t length, auto& into) {
    const char* end = text.data() + at + length;
    const auto [stop, error] = std::from_chars(text.data() + at, end, into);
    return error == std::errc() && stop == end;
  };
  const bool good =
      text.size() == 10 && text[4] == '-' && text[7] == '-' && read(0, 4, year) && read(5, 2, month) &&
      read(8, 2, day) &&
      std::chrono::year_month_day(std::chrono::year(year), std::chrono::month(month), std::chrono::day(day)).ok();
  if (!good || year < 0) {
    fail_field(Code::invalid, std::string(field), "{}: must be a day like 2026-11-25", field);
  }
  return year * 10000 + static_cast<int>(month * 100 + day);
}

std::string day_text(std::int64_t number) {
  if (number < 1'000'000) return fmt::format("{:04}-{:02}", number / 100, number % 100);
  return fmt::format("{:04}-{:02}-{:02}", number / 10000, number / 100 % 100, number % 100);
}

}  // namespace cofre::accounts
