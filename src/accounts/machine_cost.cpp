#include "accounts/machine_cost.h"

namespace cofre::accounts {
namespace {

constexpr double days_a_month = 365.25 / 12;

}  // namespace

json::Object break_even(const MachineCost& machine, const CloudCost& cloud) {
  const auto months = static_cast<double>(cloud.days) / days_a_month;
  json::Object out{{"currency", machine.currency},
                   {"cost_a_month", machine.a_month()},
                   {"days", cloud.days},
                   {"cost", machine.a_month() * months},
                   {"cloud_currency", cloud.currency},
                   {"cloud_cost", cloud.list},
                   {"cloud_cost_peak", cloud.peak},
                   {"break_even", nullptr}};
  const auto tokens = static_cast<double>(cloud.spent.tokens());
  const bool can_be_told =
      machine.currency == cloud.currency && tokens > 0 && months > 0 && cloud.list > 0 && cloud.peak > 0;
  if (!can_be_told) return out;
  out["break_even"] = json::Object{{"tokens_a_month", machine.a_month() * tokens / cloud.list},
                                   {"tokens_a_month_peak", machine.a_month() * tokens / cloud.peak},
                                   {"used_a_month", tokens / months}};
  return out;
}

}  // namespace cofre::accounts
