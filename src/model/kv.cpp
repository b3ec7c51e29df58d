#include "model/kv.h"

#include <cstring>

namespace cofre::model {

KvMemory::KvMemory(const ModelSpec& spec, kernels::KvFormat format, std::size_t pages)
    : format_(format),
      pages_(pages),
      kv_heads_(spec.kv_heads),
      head_bytes_(kernels::kv_page_bytes(format, spec.head_width, spec.latent.rank > 0)),
      page_bytes_(page_bytes(spec, format)),
      memory_(pages * page_bytes_) {}

void KvMemory::scrub(std::uint32_t index) const { std::memset(memory_.data() + index * page_bytes_, 0, page_bytes_); }

std::size_t KvMemory::page_bytes(const ModelSpec& spec, kernels::KvFormat format) {
  return spec.layers * spec.kv_heads * kernels::kv_page_bytes(format, spec.head_width, spec.latent.rank > 0);
}

std::size_t KvMemory::bytes_per_token(const ModelSpec& spec, kernels::KvFormat format) {
  return page_bytes(spec, format) / kernels::page_tokens;
}

}  // namespace cofre::model
