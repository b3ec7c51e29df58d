#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

#include "accounts/money.h"
#include "accounts/spent.h"
#include "store/database.h"

namespace cofre::accounts {

/// What a million tokens of a model cost since a day, there where it is sold.
struct Price {
  std::string model;
  std::int32_t since = 0;  ///< 20261125
  std::string currency;    ///< "CNY"
  double input = 0, output = 0;
  std::optional<double> cached{};                                    ///< of the prompt; absent: as input
  std::optional<double> input_peak{}, output_peak{}, cached_peak{};  ///< at the hours when it costs more
  std::string note{};
};

/// What this cost: prompt tokens that were cached at their own price, reasoning as output.
double cost_of(const Price& price, const Spent& spent);
/// As if all of it had been used at peak hours.
double peak_cost_of(const Price& price, const Spent& spent);

/// The price lists: dated data that an administrator keeps up. Reads come from memory. Any thread.
class Prices {
 public:
  /// Reads the table, which exists.
  Prices(store::Database& database, std::mutex& database_mutex);

  std::vector<Price> list() const;
  /// Of one model, oldest first; the first holds for the time before it too. Throws Error(not_found, as).
  std::vector<Price> of(std::string_view model) const;
  /// Replaces what was set for the same model and day. Throws Error(invalid, field).
  void set(const Price& price);
  /// Throws Error(not_found, model).
  void remove(std::string_view model, std::int32_t since);

  /// What a model costs on a day, by its prices in this currency; nothing where there is none.
  std::optional<Rate> rate(std::string_view model, std::string_view currency, std::int32_t day) const;
  /// Whether a model, any where `model` is empty, has a price in this currency.
  bool has_any(std::string_view model, std::string_view currency) const;

 private:
  store::Database& database_;
  std::mutex& database_mutex_;
  mutable std::shared_mutex mutex_;  ///< of what follows; never held while the disk works
  std::map<std::string, std::map<std::int32_t, Price>, std::less<>> prices_;  ///< by model, by their first day
};

/// 20261125 of "2026-11-25". Throws Error(invalid, field).
std::int32_t day_of(std::string_view text, std::string_view field);
/// "2026-11-25"; of a month "2026-11".
std::string day_text(std::int64_t number);

}  // namespace cofre::accounts
