#include "gguf/bounds.h"

#include <algorithm>
#include <vector>

#include "base/error.h"

namespace cofre::gguf {

void prove_claims(std::span<const Claim> claims, std::uint64_t data_bytes, std::uint64_t alignment) {
  for (const auto& claim : claims) {
    if (claim.offset % alignment != 0)
      fail(Code::invalid, "tensor {} is at offset {}, which is no multiple of {}", claim.name, claim.offset, alignment);
    if (claim.offset > data_bytes || claim.bytes > data_bytes - claim.offset)
      fail(Code::invalid, "tensor {} needs {} bytes at offset {}, but the file's data ends at {}", claim.name,
           claim.bytes, claim.offset, data_bytes);
  }
  std::vector<Claim> sorted(claims.begin(), claims.end());
  std::sort(sorted.begin(), sorted.end(), [](const Claim& a, const Claim& b) { return a.offset < b.offset; });
  for (std::size_t i = 1; i < sorted.size(); ++i)
    if (sorted[i - 1].offset + sorted[i - 1].bytes > sorted[i].offset)
      fail(Code::invalid, "tensors {} and {} overlap", sorted[i - 1].name, sorted[i].name);
}

}  // namespace cofre::gguf
