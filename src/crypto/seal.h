#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "crypto/secret.h"

namespace cofre::crypto {

/// Bytes sealed in pieces (XChaCha20-Poly1305, libsodium's secretstream): head first, then the pieces in their order.
/// What was changed, moved, repeated, left out or cut off at the end does not open.

inline constexpr std::size_t seal_head_bytes = 24;
inline constexpr std::size_t seal_extra_bytes = 17;  ///< a sealed piece is longer than what is in it by so much

class Sealer {
 public:
  explicit Sealer(const Secret& key);
  ~Sealer();
  Sealer(const Sealer&) = delete;
  Sealer& operator=(const Sealer&) = delete;

  std::span<const std::byte> head() const noexcept;
  std::vector<std::byte> seal(std::span<const std::byte> piece, bool is_last);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class Opener {
 public:
  /// Throws Error(invalid) where this is no head.
  Opener(const Secret& key, std::span<const std::byte> head);
  ~Opener();
  Opener(const Opener&) = delete;
  Opener& operator=(const Opener&) = delete;

  struct Opened {
    std::vector<std::byte> bytes;
    bool is_last = false;
  };
  /// Throws Error(invalid) where it is not the next piece under this key.
  Opened open(std::span<const std::byte> sealed);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cofre::crypto
