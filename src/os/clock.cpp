#include "os/clock.h"

#include <ctime>

#include <charconv>

#include <fmt/format.h>

namespace cofre::os {
namespace {

/// `digits` of them off the front.
std::optional<int> take_digits(std::string_view& text, std::size_t digits) {
  int number = 0;
  if (text.size() < digits || text.front() == '-') return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + digits, number);
  if (error != std::errc() || end != text.data() + digits) return std::nullopt;
  text.remove_prefix(digits);
  return number;
}

bool take(std::string_view& text, char letter) {
  if (text.empty() || text.front() != letter) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::chrono::sys_seconds local_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::localtime_r(&now, &parts);
  return std::chrono::sys_seconds{std::chrono::seconds{::timegm(&parts)}};
}

std::int64_t now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

std::string utc_text(std::int64_t ms_since_1970) {
  using namespace std::chrono;
  const sys_time<milliseconds> time{milliseconds(ms_since_1970)};
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

std::optional<std::int64_t> parse_utc(std::string_view text) {
  using namespace std::chrono;
  const auto year_number = take_digits(text, 4);
  const auto month_number = year_number && take(text, '-') ? take_digits(text, 2) : std::nullopt;
  const auto day_number = month_number && take(text, '-') ? take_digits(text, 2) : std::nullopt;
  if (!day_number) return std::nullopt;
  const year_month_day date{year(*year_number), month(static_cast<unsigned>(*month_number)),
                            day(static_cast<unsigned>(*day_number))};
  if (!date.ok()) return std::nullopt;
  milliseconds of_day{0};
  if (take(text, 'T')) {
    const auto h = take_digits(text, 2);
    const auto m = h && take(text, ':') ? take_digits(text, 2) : std::nullopt;
    if (!m || *h > 23 || *m > 59) return std::nullopt;
    of_day = hours(*h) + minutes(*m);
    if (take(text, ':')) {
      const auto s = take_digits(text, 2);
      if (!s || *s > 60) return std::nullopt;  // 60: a leap second
      of_day += seconds(*s);
      if (take(text, '.')) {
        const auto ms = take_digits(text, 3);
        if (!ms) return std::nullopt;
        of_day += milliseconds(*ms);
      }
    }
    take(text, 'Z');
  }
  if (!text.empty()) return std::nullopt;
  return duration_cast<milliseconds>(sys_days(date).time_since_epoch() + of_day).count();
}

}  // namespace cofre::os
