#include "accounts/audit/syslog.h"

#include <algorithm>

#include <fmt/format.h>

#include "accounts/audit/record.h"
#include "crypto/certificates.h"
#include "os/clock.h"

#ifndef COFRE_VERSION
#error "the build tells the version"
#endif

namespace cofre::accounts::audit {
namespace {

// What fields of the head may have at most, RFC 5424 §6.
constexpr std::size_t host_letters = 255, app_letters = 48, message_id_letters = 32;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// How grave a record is: RFC 5424 §6.2.1, and CEF's 0 to 10.
struct Severity {
  unsigned syslog, cef;
};

Severity severity_of(std::string_view action, std::string_view outcome) {
  if (action == "trail.damaged" || action == "trail.lost") return {3, 8};
  if (outcome == "refused" || outcome == "failed") return {4, 6};
  return {6, 3};
}

bool is_control(char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; }

template <class Escape>
std::string escaped(std::string_view text, const Escape& escape) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (escape(c, out)) continue;
    if (is_control(c)) {
      out += fmt::format("#{:03o}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out;
}

/// With a backslash before each of `these`.
auto backslashed(std::string_view these) {
  return [these](char c, std::string& out) {
    if (these.find(c) == these.npos) return false;
    out += '\\';
    out += c;
    return true;
  };
}

/// PRINTUSASCII of RFC 5424 §6, "-" for nothing.
std::string printable(std::string_view text, std::size_t letters) {
  std::string out(text.substr(0, letters));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c < '!' || c > '~'; }, '_');
  return out.empty() ? "-" : out;
}

/// A member as text: texts as they are, everything else as JSON; empty where there is none.
std::string text_of(const json::Object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  if (value == nullptr) return {};
  return value->is_string() ? std::string(value->get_string()) : json::dump(*value);
}

std::string fact_of(const json::Object& record, std::string_view key) {
  const auto* facts = record.if_contains("facts");
  return facts != nullptr && facts->is_object() ? text_of(facts->get_object(), key) : std::string();
}

/// 32473 is the number of examples (RFC 5612): this program has none of its own.
std::string structured_data(const json::Object& record) {
  std::string text = "[cofre@32473";
  const auto add = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) text += fmt::format(" {}=\"{}\"", name, escaped_parameter(value));
  };
  for (const char* key : {"n", "outcome", "person", "who", "from", "about", "subject"}) add(key, text_of(record, key));
  add("id", fact_of(record, "id"));
  return text + "]";
}

/// The field for where somebody came from: CEF has one for each kind of address.
std::string cef_source(const std::string& from) {
  if (!crypto::is_ip_address(from)) return fmt::format(" cs2Label=source cs2={}", escaped_cef_value(from));
  if (from.find(':') == from.npos) return fmt::format(" src={}", from);
  return fmt::format(" c6a2Label=Source IPv6 Address c6a2={}", from);
}

std::string cef(const json::Object& record, std::string_view line) {
  const auto action = text_of(record, "do"), outcome = text_of(record, "outcome");
  auto text = fmt::format("CEF:0|Cofre|Cofre|{}|{}|{}|{}|rt={} externalId={}", COFRE_VERSION, escaped_cef_head(action),
                          escaped_cef_head(action + " " + outcome), severity_of(action, outcome).cef,
                          os::parse_utc(text_of(record, "t")).value_or(0), text_of(record, "n"));
  const auto add = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) text += fmt::format(" {}={}", key, escaped_cef_value(value));
  };
  add("outcome", outcome);
  add("suid", text_of(record, "person"));
  add("suser", text_of(record, "who"));
  if (const auto from = text_of(record, "from"); !from.empty()) text += cef_source(from);
  add("duid", text_of(record, "about"));
  add("duser", text_of(record, "subject"));
  add("requestMethod", fact_of(record, "method"));
  add("request", fact_of(record, "route"));
  add("msg", record.empty() ? std::string(line) : text_of(record, "facts"));
  add("cs1Label", "hash");
  add("cs1", text_of(record, "h"));
  return text;
}

/// Empty where the line is no record: then it is told as it is.
json::Object record_of(const Syslog& as, std::string_view line, const Persons& persons) {
  try {
    return as.has_persons ? opened(line, persons, Contents::closed) : json::parse(line).as_object();
  } catch (const std::exception&) {
    return {};
  }
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

}  // namespace

std::string escaped_parameter(std::string_view text) { return escaped(text, backslashed("\"\\]")); }

std::string escaped_cef_head(std::string_view text) { return escaped(text, backslashed("|\\")); }

std::string escaped_cef_value(std::string_view text) {
  return escaped(text, [marked = backslashed("=\\")](char c, std::string& out) {
    if (c != '\n' && c != '\r') return marked(c, out);
    out += c == '\n' ? "\\n" : "\\r";
    return true;
  });
}

std::string frame(const Syslog& as, std::string_view line, const Persons& persons) {
  const auto record = record_of(as, line, persons);
  const auto action = text_of(record, "do");
  // RFC 5424 §6: PRI VERSION TIMESTAMP HOSTNAME APP-NAME PROCID MSGID STRUCTURED-DATA MSG
  auto message =
      fmt::format("<{}>1 {} {} {} - {} ", as.facility * 8 + severity_of(action, text_of(record, "outcome")).syslog,
                  printable(text_of(record, "t"), host_letters), printable(as.host, host_letters),
                  printable(as.app_name, app_letters), printable(action, message_id_letters));
  if (as.format == Syslog::Format::cef) {
    message += "- " + cef(record, line);
  } else {
    message += structured_data(record) + ' ';
    if (!is_ascii(line)) message += byte_order_mark;  // RFC 5424 §6.4: it says that the message is UTF-8
    message += line;
  }
  return fmt::format("{} {}", message.size(), message);
}

}  // namespace cofre::accounts::audit
