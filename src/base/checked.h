#pragma once

#include <concepts>
#include <optional>

namespace cofre {

/// a + b, or nothing where it does not fit T. For every sum of numbers that came from outside.
template <std::integral T>
constexpr std::optional<T> checked_add(T a, T b) {
  T sum{};
  if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
  return sum;
}

/// a · b, or nothing where it does not fit T.
template <std::integral T>
constexpr std::optional<T> checked_mul(T a, T b) {
  T product{};
  if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
  return product;
}

/// a rounded up to a multiple of `step` (step > 0), or nothing where it does not fit.
template <std::unsigned_integral T>
constexpr std::optional<T> checked_align(T a, T step) {
  const auto up = checked_add<T>(a, step - 1);
  if (!up) return std::nullopt;
  return *up / step * step;
}

}  // namespace cofre
