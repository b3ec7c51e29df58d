#include "accounts/money.h"

#include <algorithm>
#include <charconv>

#include "base/error.h"

namespace cofre::accounts {
namespace {

constexpr std::uint64_t tokens_of_price = 1'000'000;
constexpr std::uint64_t tokens_most = std::uint64_t{1} << 40;
constexpr std::uint64_t money_most = std::uint64_t{1} << 50;
constexpr std::uint64_t paying_most = 10'000'000'000'000;
constexpr std::size_t digits_behind = 6;

bool read_digits(std::string_view text, std::uint64_t& into) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::uint64_t cost_of(const Rate& rate, const Spent& spent) {
  const auto prompt = std::min(spent.prompt, tokens_most), cached = std::min(spent.cached, prompt);
  // Whole prices and their rests apart: 2^40 · 10^6 each, three of them below 2^63.
  std::uint64_t whole = 0, rest = 0;
  for (const auto& [tokens, price] : {std::pair{prompt - cached, rate.input},
                                      {cached, rate.cached},
                                      {std::min(spent.completion, tokens_most), rate.output}}) {
    whole += tokens * (price / tokens_of_price);
    rest += tokens * (price % tokens_of_price);
  }
  return whole + (rest + tokens_of_price - 1) / tokens_of_price;
}

std::uint64_t tokens_for(const Rate& rate, std::uint64_t money) {
  return std::min(money, paying_most) * tokens_of_price / std::max(rate.input, rate.output);
}

std::string money_text(std::uint64_t money) {
  auto text = fmt::format("{}.{:06}", money / money_unit, money % money_unit);
  while (text.ends_with('0') && text[text.size() - 3] != '.') text.pop_back();
  return text;
}

std::uint64_t money_of(std::string_view text, std::string_view field) {
  const auto point = text.find('.');
  std::string behind(point == text.npos ? "0" : text.substr(point + 1));
  const bool fits = !behind.empty() && behind.size() <= digits_behind;
  behind.resize(digits_behind, '0');
  std::uint64_t whole = 0, rest = 0;
  if (!fits || !read_digits(text.substr(0, point), whole) || !read_digits(behind, rest) ||
      whole >= money_most / money_unit) {
    fail_field(Code::invalid, std::string(field), "{}: must be an amount like 12.50, below {}", field,
               money_most / money_unit);
  }
  return whole * money_unit + rest;
}

}  // namespace cofre::accounts
