#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gguf/gguf.h"

namespace cofre::gguf {

/// Builds a GGUF v3 file in memory, pairs and tensors in the order they are added.
class Writer {
 public:
  void add(std::string_view key, std::uint32_t value);
  void add(std::string_view key, float value);
  void add(std::string_view key, bool value);
  void add(std::string_view key, std::string_view value);
  void add(std::string_view key, const char* value) { add(key, std::string_view(value)); }
  void add(std::string_view key, std::span<const std::string> values);
  void add(std::string_view key, std::span<const float> values);
  void add(std::string_view key, std::span<const std::int32_t> values);
  void add(std::string_view key, std::span<const std::uint8_t> values);
  /// `shape` innermost first; `bytes` as the type's blocks demand.
  void add_tensor(std::string_view name, Type type, std::span<const std::uint64_t> shape,
                  std::span<const std::byte> bytes);

  std::vector<std::byte> finish() const;

  /// A tensor whose bytes the caller writes: behind head(), in the order announced, each padded to `alignment`.
  void announce_tensor(std::string_view name, Type type, std::span<const std::uint64_t> shape, std::uint64_t bytes);
  /// Everything before the first tensor's bytes.
  std::vector<std::byte> head() const;
  static constexpr std::size_t alignment = 32;

 private:
  struct Pending {
    std::vector<std::byte> info;
    std::vector<std::byte> data;  ///< empty where only announced
    std::uint64_t bytes = 0;
  };
  std::vector<std::byte> pairs_;
  std::uint64_t pair_count_ = 0;
  std::vector<Pending> tensors_;
};

}  // namespace cofre::gguf
