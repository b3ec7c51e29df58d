#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/kernels.h"
#include "model/spec.h"
#include "os/memory.h"

namespace cofre::model {

/// The memory behind KV pages. A page holds 64 tokens of every layer and KV head; which sequence owns it is the
/// engine's business.
///
///   page p: [layer][kv_head] of kv_page_bytes(format, head_width), of keys alone where they are latents
class KvMemory {
 public:
  KvMemory(const ModelSpec& spec, kernels::KvFormat format, std::size_t pages);

  std::size_t pages() const { return pages_; }
  kernels::KvFormat format() const { return format_; }
  std::byte* page(std::uint32_t index, std::size_t layer, std::size_t kv_head) const {
    return memory_.data() + index * page_bytes_ + (layer * kv_heads_ + kv_head) * head_bytes_;
  }
  /// Zeroes a page, so that its next owner cannot read what was there.
  void scrub(std::uint32_t index) const;

  /// Bytes of one page of a model.
  static std::size_t page_bytes(const ModelSpec& spec, kernels::KvFormat format);
  /// Bytes of keys and values that one token's attention reads for every token before it.
  static std::size_t bytes_per_token(const ModelSpec& spec, kernels::KvFormat format);

 private:
  kernels::KvFormat format_;
  std::size_t pages_, kv_heads_, head_bytes_, page_bytes_;
  os::Buffer memory_;
};

}  // namespace cofre::model
