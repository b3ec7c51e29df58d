#pragma once

#include <cstdint>
#include <string>

#include "accounts/spent.h"
#include "json/json.h"

namespace cofre::accounts {

/// What the box itself costs.
struct MachineCost {
  std::string currency;
  double purchase = 0;  ///< paid once, spread over `months`
  std::int64_t months = 36;
  double power = 0, support = 0;  ///< a month
  double a_month() const { return purchase / static_cast<double>(months) + power + support; }
};

/// What was used over some days, and what a cloud would have asked for it.
struct CloudCost {
  std::string currency;
  std::int64_t days = 0;
  Spent spent;
  double list = 0, peak = 0;  ///< at usual prices; if all had been asked at peak hours
};

/// Both side by side: "cost_a_month" of the box, its "cost" over the days, the cloud's "cloud_cost" and
/// "cloud_cost_peak", and "break_even": how many tokens a month, in the mix that was used, cost as much there as the
/// box does ("tokens_a_month", "tokens_a_month_peak"), and how many were used ("used_a_month"). Nothing is converted:
/// "break_even" is null where the currencies differ, where nothing was used, or where the cloud asks nothing for it.
json::Object break_even(const MachineCost& machine, const CloudCost& cloud);

}  // namespace cofre::accounts
