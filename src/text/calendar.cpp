#include "text/calendar.h"

#include <unicode/calendar.h>
#include <unicode/gregocal.h>
#include <unicode/timezone.h>

#include "base/error.h"

namespace cofre::text {
namespace {

std::unique_ptr<icu::TimeZone> find_zone(std::string_view name) {
  const icu::StringPiece piece(name.data(), static_cast<std::int32_t>(std::min<std::size_t>(name.size(), 64)));
  std::unique_ptr<icu::TimeZone> zone(icu::TimeZone::createTimeZone(icu::UnicodeString::fromUTF8(piece)));
  if (name.size() > 64 || zone == nullptr || *zone == icu::TimeZone::getUnknown()) return nullptr;
  return zone;
}

}  // namespace

void check_zone(std::string_view name, std::string_view field) {
  if (find_zone(name) == nullptr) {
    fail_field(Code::invalid, std::string(field), "{}: \"{}\" is no time zone like Asia/Shanghai, Europe/Lisbon or UTC",
               field, name.substr(0, 64));
  }
}

struct Calendar::State {
  std::unique_ptr<icu::Calendar> calendar;

  /// Sets the calendar to the first moment of the day that holds it.
  void begin_day(std::int64_t seconds) {
    UErrorCode status = U_ZERO_ERROR;
    calendar->setTime(static_cast<UDate>(seconds) * 1000, status);
    for (const auto field : {UCAL_HOUR_OF_DAY, UCAL_MINUTE, UCAL_SECOND, UCAL_MILLISECOND}) calendar->set(field, 0);
    CHECK(U_SUCCESS(status) != 0);
  }
  std::int64_t now() const {
    UErrorCode status = U_ZERO_ERROR;
    const auto seconds = static_cast<std::int64_t>(calendar->getTime(status) / 1000);
    CHECK(U_SUCCESS(status) != 0);
    return seconds;
  }
  int get(UCalendarDateFields field) const {
    UErrorCode status = U_ZERO_ERROR;
    return calendar->get(field, status);
  }
  std::int64_t after(UCalendarDateFields field) {
    UErrorCode status = U_ZERO_ERROR;
    calendar->add(field, 1, status);
    return now();
  }
};

Calendar::Calendar(std::string_view zone) : state_(std::make_unique<State>()) {
  check_zone(zone, "zone");
  UErrorCode status = U_ZERO_ERROR;
  state_->calendar = std::make_unique<icu::GregorianCalendar>(find_zone(zone).release(), status);
  if (U_FAILURE(status) != 0) fail(Code::internal, "the calendar of {} does not start", zone);
}
Calendar::Calendar(Calendar&&) noexcept = default;
Calendar& Calendar::operator=(Calendar&&) noexcept = default;
Calendar::~Calendar() = default;

Stretch Calendar::day_of(std::int64_t seconds) {
  state_->begin_day(seconds);
  Stretch day;
  day.begin = state_->now();
  day.name = fmt::format("{:04}-{:02}-{:02}", state_->get(UCAL_YEAR), state_->get(UCAL_MONTH) + 1,
                         state_->get(UCAL_DAY_OF_MONTH));
  day.end = state_->after(UCAL_DAY_OF_MONTH);
  return day;
}

Stretch Calendar::month_of(std::int64_t seconds) {
  state_->begin_day(seconds);
  state_->calendar->set(UCAL_DAY_OF_MONTH, 1);
  Stretch month;
  month.begin = state_->now();
  month.name = fmt::format("{:04}-{:02}", state_->get(UCAL_YEAR), state_->get(UCAL_MONTH) + 1);
  month.end = state_->after(UCAL_MONTH);
  return month;
}

}  // namespace cofre::text
