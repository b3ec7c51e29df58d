#include "accounts/addresses.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

#include "base/error.h"

namespace cofre::accounts {
namespace {

constexpr std::size_t networks_max = 64;
using Bytes = std::array<std::uint8_t, 16>;

struct Address {
  Bytes bytes{};
  bool is_ipv4 = false;
};

std::optional<Address> read_address(std::string_view text) {
  if (text.size() > 63) return std::nullopt;
  const std::string copy(text);
  Address address;
  if (::inet_pton(AF_INET6, copy.c_str(), address.bytes.data()) == 1) return address;
  std::array<std::uint8_t, 4> four{};
  if (::inet_pton(AF_INET, copy.c_str(), four.data()) != 1) return std::nullopt;
  address.is_ipv4 = true;
  address.bytes[10] = address.bytes[11] = 0xff;
  std::copy(four.begin(), four.end(), address.bytes.begin() + 12);
  return address;
}

bool same_bits(const Bytes& a, const Bytes& b, unsigned bits) {
  const unsigned whole = bits / 8, rest = bits % 8;
  if (!std::equal(a.begin(), a.begin() + whole, b.begin())) return false;
  return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

}  // namespace

Networks Networks::parse(const std::vector<std::string>& texts) {
  if (texts.size() > networks_max) {
    fail_field(Code::invalid, "addresses", "addresses: at most {} networks", networks_max);
  }
  Networks networks;
  for (const auto& text : texts) {
    const auto slash = std::min(text.find('/'), text.size());
    const auto address = read_address(std::string_view(text).substr(0, slash));
    const unsigned most = address && address->is_ipv4 ? 32 : 128;
    unsigned bits = most;
    bool good = address.has_value();
    if (slash < text.size()) {
      const char* end = text.data() + text.size();
      const auto [stop, error] = std::from_chars(text.data() + slash + 1, end, bits);
      good = good && error == std::errc() && stop == end && bits <= most;
    }
    if (!good) {
      fail_field(Code::invalid, "addresses", "addresses: \"{}\" is no network like 10.0.0.0/8 or 2001:db8::/32", text);
    }
    networks.blocks_.push_back({address->bytes, bits + 128 - most});
    networks.texts_.push_back(text);
  }
  return networks;
}

bool Networks::hold(std::string_view address) const {
  if (blocks_.empty()) return true;
  const auto known = read_address(address);
  if (!known) return false;
  return std::any_of(blocks_.begin(), blocks_.end(),
                     [&](const Block& block) { return same_bits(block.address, known->bytes, block.bits); });
}

}  // namespace cofre::accounts
