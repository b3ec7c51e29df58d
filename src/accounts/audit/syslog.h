#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "accounts/audit/persons.h"

namespace cofre::accounts::audit {

/// How a collector is told records.
struct Syslog {
  enum class Format : std::uint8_t {
    rfc5424,  ///< number, outcome and persons as structured data; the message is the trail's line as it is
    cef,      ///< the message is in ArcSight's Common Event Format, revision 25
  };
  Format format = Format::rfc5424;
  unsigned facility = 13;          ///< RFC 5424 §6.2.1; 13: log audit
  std::string app_name = "cofre";  ///< RFC 5424 §6.2.5
  std::string host;                ///< RFC 5424 §6.2.4
  bool has_persons = false;        ///< names and addresses in clear, where the trail can still open them
};

/// A record as a frame of RFC 5425 §4.3: the length of a message of RFC 5424, a space, the message. `line`: of the
/// trail, without its newline; one that somebody changed so that it is no record any more is told as it is.
std::string frame(const Syslog& as, std::string_view line, const Persons& persons);

/// A parameter's value (RFC 5424 §6.3.3): a backslash before ", \ and ]. Control characters become #NNN, octal, as
/// collectors write them: whoever keeps a message a line is not misled by a name that holds a newline.
std::string escaped_parameter(std::string_view text);

/// A field of CEF's head: a backslash before | and \, control characters as in parameters.
std::string escaped_cef_head(std::string_view text);

/// A value of CEF's extension: a backslash before = and \, newlines as \n and \r, other control characters as in
/// parameters.
std::string escaped_cef_value(std::string_view text);

}  // namespace cofre::accounts::audit
