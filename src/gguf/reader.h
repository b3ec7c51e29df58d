#pragma once

#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

#include "base/error.h"

namespace cofre::gguf {

/// Reads little-endian values from bytes and knows how many remain. Throws Error(invalid) at the end of the file.
class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  std::uint64_t position() const { return position_; }
  std::uint64_t remaining() const { return bytes_.size() - position_; }

  template <class T>
  T number(std::string_view what) {
    static_assert(std::is_arithmetic_v<T>);
    need(sizeof(T), what);
    T value;
    std::memcpy(&value, bytes_.data() + position_, sizeof value);
    position_ += sizeof value;
    return value;
  }

  std::span<const std::byte> bytes(std::uint64_t size, std::string_view what) {
    need(size, what);
    position_ += size;
    return bytes_.subspan(position_ - size, size);
  }

  std::string_view string(std::string_view what) {
    const auto size = number<std::uint64_t>(what);
    need(size, what);
    const std::string_view text(reinterpret_cast<const char*>(bytes_.data()) + position_, size);
    position_ += size;
    return text;
  }

  /// A count of things of at least `least` bytes each: refused where the file cannot hold them.
  std::uint64_t count(std::uint64_t least, std::string_view what) {
    const auto value = number<std::uint64_t>(what);
    if (value > remaining() / least)
      fail(Code::invalid, "{} claims {} entries, but only {} bytes remain", what, value, remaining());
    return value;
  }

 private:
  void need(std::uint64_t size, std::string_view what) const {
    if (size > remaining())
      fail(Code::invalid, "the file ends inside {}: {} bytes needed at {}, {} remain", what, size, position_,
           remaining());
  }

  std::span<const std::byte> bytes_;
  std::uint64_t position_ = 0;
};

}  // namespace cofre::gguf
