#include "grammar/formats.h"

#include <string>
#include <utility>
#include <vector>

namespace cofre::grammar {
namespace {

// RFC 3339 §5.6; years from 1000, the length of each month, 29 February in leap years.
const std::string date =
    "((1[0-9]|[2-9][0-9])[0-9][0-9]-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0["
    "1-9]|1[0-9]|2[0-8]))"
    "|((1[0-9]|[2-9][0-9])(0[48]|[2468][048]|[13579][26])|(1[26]|[2468][048]|[3579][26])00)-02-29)";
const std::string clock =
    "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])";
// RFC 3339 appendix A.
const std::string duration_time = "T([0-9]{1,6}H([0-9]{1,6}M([0-9]{1,6}S)?)?|[0-9]{1,6}M([0-9]{1,6}S)?|[0-9]{1,6}S)";
const std::string duration_date = "([0-9]{1,6}Y([0-9]{1,6}M([0-9]{1,6}D)?)?|[0-9]{1,6}M([0-9]{1,6}D)?|[0-9]{1,6}D)";
const std::string hex4 = "[0-9a-fA-F]{1,4}";
const std::string octet = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
const std::string label = "[a-zA-Z0-9]([a-zA-Z0-9-]{0,30}[a-zA-Z0-9])?";
const std::string host = label + "(\\." + label + "){0,4}";
const std::string atext = "[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]";
const std::string pct = "%[0-9a-fA-F]{2}";
const std::string pchar = "([a-zA-Z0-9._~!$&'()*+,;=:@-]|" + pct + ")";
const std::string tail = "(\\?(" + pchar + "|[/?])*)?(#(" + pchar + "|[/?])*)?";
const std::string authority =
    "//(([a-zA-Z0-9._~!$&'()*+,;=:-]|" + pct + ")*@)?" + host + "(:[0-9]{1,5})?(/" + pchar + "*)*";
const std::string uri = "[a-zA-Z][a-zA-Z0-9+.-]{0,15}:(" + authority + "|" + pchar + "+(/" + pchar + "*)*)" + tail;
const std::string relative =
    "(" + authority + "|(/?" + "([a-zA-Z0-9._~!$&'()*+,;=@-]|" + pct + ")+(/" + pchar + "*)*)?)" + tail;

std::string ipv6() {
  // RFC 4291 §2.2: eight groups, or fewer with one gap.
  std::string out = "((" + hex4 + ":){7}" + hex4;
  for (int before = 0; before <= 6; ++before)
    for (int after = 0; before + after <= 6; ++after) {
      out += "|";
      if (before > 0) out += hex4 + "(:" + hex4 + "){" + std::to_string(before - 1) + "}";
      out += "::";
      if (after > 0) out += hex4 + "(:" + hex4 + "){" + std::to_string(after - 1) + "}";
    }
  return out + ")";
}

}  // namespace

std::optional<std::string_view> format_pattern(std::string_view name) {
  static const std::vector<std::pair<std::string_view, std::string>> known{
      {"date", "^" + date + "$"},
      {"time", "^" + clock + "$"},
      {"date-time", "^" + date + "T" + clock + "$"},
      {"duration", "^P(" + duration_date + "(" + duration_time + ")?|" + duration_time + "|[0-9]{1,6}W)$"},
      {"uuid", "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"},
      {"email", "^" + atext + "{1,32}(\\." + atext + "{1,32}){0,2}@" + label + "(\\." + label + "){1,3}$"},
      {"hostname", "^" + host + "$"},
      {"ipv4", "^" + octet + "(\\." + octet + "){3}$"},
      {"ipv6", "^" + ipv6() + "$"},
      {"uri", "^" + uri + "$"},
      {"uri-reference", "^(" + uri + "|" + relative + ")$"},
      {"json-pointer", "^(/([^~/]|~[01])*)*$"},
      {"relative-json-pointer", "^(0|[1-9][0-9]{0,5})(#|(/([^~/]|~[01])*)*)$"},
  };
  for (const auto& [key, pattern] : known)
    if (key == name) return pattern;
  return std::nullopt;
}

}  // namespace cofre::grammar
