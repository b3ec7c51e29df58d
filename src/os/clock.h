#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cofre::os {

/// The wall clock's time in this machine's time zone, as if it were UTC: what a person reads off the wall.
std::chrono::sys_seconds local_now();

/// Milliseconds since 1970, by the wall clock.
std::int64_t now_ms();

/// "2026-11-25T03:10:00.123Z" (RFC 3339).
std::string utc_text(std::int64_t ms_since_1970);

/// Milliseconds since 1970 of a UTC time: "2026-11-25", "2026-11-25T03:10", with seconds, with milliseconds, with or
/// without "Z". Nothing where it is none, or no day of the calendar.
std::optional<std::int64_t> parse_utc(std::string_view text);

}  // namespace cofre::os
