#include "crypto/seal.h"

#include <array>

#include <sodium.h>

#include "base/error.h"

namespace cofre::crypto {
namespace {

static_assert(seal_head_bytes == crypto_secretstream_xchacha20poly1305_HEADERBYTES);
static_assert(seal_extra_bytes == crypto_secretstream_xchacha20poly1305_ABYTES);
static_assert(secret_bytes == crypto_secretstream_xchacha20poly1305_KEYBYTES);

const unsigned char* raw(std::span<const std::byte> bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* raw_out(std::span<std::byte> bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

/// The keys inside are wiped with it.
struct Stream {
  crypto_secretstream_xchacha20poly1305_state state;
  Stream() : state() { CHECK(sodium_init() >= 0); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() { sodium_memzero(&state, sizeof state); }
};

}  // namespace

struct Sealer::State : Stream {
  std::array<std::byte, seal_head_bytes> head{};
};

Sealer::Sealer(const Secret& key) : state_(std::make_unique<State>()) {
  CHECK(crypto_secretstream_xchacha20poly1305_init_push(&state_->state, raw_out(state_->head), raw(key.bytes())) == 0);
}
Sealer::~Sealer() = default;

std::span<const std::byte> Sealer::head() const noexcept { return state_->head; }

std::vector<std::byte> Sealer::seal(std::span<const std::byte> piece, bool is_last) {
  std::vector<std::byte> sealed(piece.size() + seal_extra_bytes);
  const unsigned char tag =
      is_last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL : crypto_secretstream_xchacha20poly1305_TAG_MESSAGE;
  CHECK(crypto_secretstream_xchacha20poly1305_push(&state_->state, raw_out(sealed), nullptr, raw(piece), piece.size(),
                                                   nullptr, 0, tag) == 0);
  return sealed;
}

struct Opener::State : Stream {};

Opener::Opener(const Secret& key, std::span<const std::byte> head) : state_(std::make_unique<State>()) {
  const bool right = head.size() == seal_head_bytes &&
                     crypto_secretstream_xchacha20poly1305_init_pull(&state_->state, raw(head), raw(key.bytes())) == 0;
  if (!right) fail(Code::invalid, "these are no sealed bytes");
}
Opener::~Opener() = default;

Opener::Opened Opener::open(std::span<const std::byte> sealed) {
  if (sealed.size() < seal_extra_bytes) fail(Code::invalid, "the sealed bytes are cut off");
  Opened opened;
  opened.bytes.resize(sealed.size() - seal_extra_bytes);
  unsigned char tag = 0;
  if (crypto_secretstream_xchacha20poly1305_pull(&state_->state, raw_out(opened.bytes), nullptr, &tag, raw(sealed),
                                                 sealed.size(), nullptr, 0) != 0)
    fail(Code::invalid, "the sealed bytes were changed, or sealed under another key");
  opened.is_last = tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
  return opened;
}

}  // namespace cofre::crypto
