#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cofre::accounts {

/// Networks that a key may be used from: "10.0.0.0/8", "2001:db8::/32", "192.0.2.7" (RFC 4632, RFC 4291 §2.3).
class Networks {
 public:
  /// Throws Error(invalid, "addresses") naming the one that is no network, and where there are more than 64.
  static Networks parse(const std::vector<std::string>& texts);

  bool are_any() const noexcept { return blocks_.empty(); }
  /// Whether the address lies in one of them, or there is none to lie in. What is no address lies nowhere.
  bool hold(std::string_view address) const;
  const std::vector<std::string>& texts() const noexcept { return texts_; }

 private:
  struct Block {
    std::array<std::uint8_t, 16> address{};  ///< IPv4 as ::ffff:a.b.c.d
    unsigned bits = 0;
  };
  std::vector<std::string> texts_;
  std::vector<Block> blocks_;
};

}  // namespace cofre::accounts
