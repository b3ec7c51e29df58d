#pragma once

#include <cstdint>
#include <string>

namespace cofre::accounts {

/// Who uses a model, as quotas and reports tell users apart.
struct User {
  std::int64_t tenant = 0, department = 0, user = 0, key = 0;
  std::string model;
};

/// What was used.
struct Spent {
  std::uint64_t requests = 0;
  std::uint64_t prompt = 0;      ///< tokens
  std::uint64_t cached = 0;      ///< of the prompt
  std::uint64_t completion = 0;  ///< tokens
  std::uint64_t reasoning = 0;   ///< of the completion
  std::uint64_t cost = 0;        ///< millionths of the tenant's currency; 0 also where there is no price

  std::uint64_t tokens() const noexcept { return prompt + completion; }
  Spent& operator+=(const Spent& other) noexcept {
    requests += other.requests;
    prompt += other.prompt;
    cached += other.cached;
    completion += other.completion;
    reasoning += other.reasoning;
    cost += other.cost;
    return *this;
  }
  bool operator==(const Spent&) const = default;
};

}  // namespace cofre::accounts
