#pragma once

#include <cstdint>
#include <string_view>

namespace cofre::webauthn {

/// CBOR (RFC 8949) from strangers, an item at a time, as authenticators must write it: definite lengths alone, no tags
/// (CTAP 2.1 §8). It allocates nothing, and no count is believed beyond the bytes that are there. Throws
/// Error(invalid, credential) for anything else.
class CborReader {
 public:
  explicit CborReader(std::string_view bytes) : left_(bytes) {}

  /// How many pairs the map has that begins here.
  std::uint64_t map();
  std::string_view text();
  std::string_view bytes();
  /// The next item whole, whatever it is, as it is written. At most `depth` arrays and maps within each other.
  std::string_view item(int depth = 8);
  bool at_end() const noexcept { return left_.empty(); }

 private:
  struct Head;
  Head next();
  void skip(int depth);

  std::string_view left_;
};

}  // namespace cofre::webauthn
