#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "accounts/spent.h"

/// Money in whole millionths of a tenant's currency: budgets are kept exactly, without fractions.
namespace cofre::accounts {

inline constexpr std::uint64_t money_unit = 1'000'000;  ///< millionths of one

/// What a million tokens of a model cost, in millionths of a currency.
struct Rate {
  std::uint64_t input = 0, output = 0;
  std::uint64_t cached = 0;  ///< of the prompt
};

/// What this cost, rounded up to a millionth: prompt tokens that were cached at their own price. Requires rates up to
/// 10^12; tokens beyond 2^40 count as so many.
std::uint64_t cost_of(const Rate& rate, const Spent& spent);
/// The tokens that so much money pays for in any case: all of them at the dearer price. Requires a price above 0;
/// money beyond 10^13 counts as so much.
std::uint64_t tokens_for(const Rate& rate, std::uint64_t money);

/// "12.50", "0.000001".
std::string money_text(std::uint64_t money);
/// Of "12.5": at most six digits behind the point, below 2^50 millionths. Throws Error(invalid, field).
std::uint64_t money_of(std::string_view text, std::string_view field);

}  // namespace cofre::accounts
