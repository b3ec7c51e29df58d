#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace cofre::gguf {

/// Where a tensor claims to lie within the data part of a file.
struct Claim {
  std::string_view name;
  std::uint64_t offset;
  std::uint64_t bytes;
};

/// The independent proof that precedes every use of a tensor: each claim is aligned, lies inside `data_bytes`, and no
/// two overlap. Throws Error(invalid) naming the tensor at fault. Knows nothing of formats or metadata, on purpose.
void prove_claims(std::span<const Claim> claims, std::uint64_t data_bytes, std::uint64_t alignment);

}  // namespace cofre::gguf
