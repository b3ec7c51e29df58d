#include "ldap/names.h"

#include <fmt/format.h>
#include <ldap.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "text/unicode.h"
#include "text/utf8.h"

namespace cofre::ldap {
namespace {

/// Letters, digits and bytes beyond ASCII stay, and of the rest what neither form gives a meaning.
std::string escaped(std::string_view text) {
  constexpr std::string_view harmless = "-._@";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool stays = byte >= 0x80 || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                       harmless.find(c) != harmless.npos;
    out += stays ? std::string(1, c) : fmt::format("\\{:02x}", byte);
  }
  return out;
}

std::string_view view(const berval& value) { return {value.bv_val, value.bv_len}; }

struct FreeDn {
  void operator()(LDAPDN dn) const { ldap_dnfree(dn); }
};

}  // namespace

std::string filter_value(std::string_view text) { return escaped(text); }

std::string dn_value(std::string_view text) { return escaped(text); }

std::string filled(std::string_view pattern, std::string_view place, std::string_view value) {
  std::string out;
  while (true) {
    const auto at = pattern.find(place);
    out += pattern.substr(0, at);
    if (at == pattern.npos) return out;
    out += value;
    pattern.remove_prefix(at + place.size());
  }
}

std::optional<std::string> normal_dn(std::string_view text) {
  if (text.empty() || text.find('\0') != text.npos || text::find_invalid_utf8(text)) return std::nullopt;
  const std::string whole(text);
  LDAPDN parsed = nullptr;
  if (ldap_str2dn(whole.c_str(), &parsed, LDAP_DN_FORMAT_LDAPV3) != LDAP_SUCCESS) return std::nullopt;
  const std::unique_ptr<LDAPRDN, FreeDn> dn(parsed);
  std::string out;
  for (auto* part = parsed; part != nullptr && *part != nullptr; ++part) {
    std::vector<std::string> pairs;
    for (auto* pair = *part; *pair != nullptr; ++pair) {
      const auto value = view((*pair)->la_value);
      if (text::find_invalid_utf8(value)) return std::nullopt;
      pairs.push_back(text::to_lower(view((*pair)->la_attr)) + "=" + dn_value(text::to_lower(value)));
    }
    std::sort(pairs.begin(), pairs.end());
    for (std::size_t i = 0; i < pairs.size(); ++i) out += (i > 0 ? "+" : out.empty() ? "" : ",") + pairs[i];
  }
  return out.empty() ? std::nullopt : std::optional(out);
}

}  // namespace cofre::ldap
