#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace cofre::text {

/// Throws Error(invalid, field) unless it names a time zone of the IANA database: "Asia/Shanghai", "UTC".
void check_zone(std::string_view name, std::string_view field);

/// A stretch of the calendar. Times are seconds since 1970.
struct Stretch {
  std::string name;                 ///< "2026-11-25", of a month "2026-11"
  std::int64_t begin = 0, end = 0;  ///< [begin, end)
};

/// The days and months of one time zone, by ICU's tables. One thread at a time.
class Calendar {
 public:
  /// Throws Error(invalid, "zone").
  explicit Calendar(std::string_view zone);
  Calendar(Calendar&&) noexcept;
  Calendar& operator=(Calendar&&) noexcept;
  ~Calendar();

  Stretch day_of(std::int64_t seconds);
  Stretch month_of(std::int64_t seconds);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cofre::text
