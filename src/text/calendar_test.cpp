#include "text/calendar.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/thrown.h"

namespace cofre::text {
namespace {

constexpr std::int64_t noon = 1'795'608'000;  // 2026-11-25 12:00 UTC

TEST(CalendarTest, ADayEndsWhenTheZoneSaysSo) {
  Calendar utc("UTC"), shanghai("Asia/Shanghai");
  EXPECT_EQ(utc.day_of(noon).name, "2026-11-25");
  EXPECT_EQ(utc.day_of(noon).end - noon, 12 * 3600);
  EXPECT_EQ(shanghai.day_of(noon + 4 * 3600).name, "2026-11-26");
  EXPECT_EQ(shanghai.day_of(noon).end, noon + 4 * 3600);
}

TEST(CalendarTest, ADayOfSummerTimesChangeHas25Hours) {
  Calendar lisbon("Europe/Lisbon");
  const auto day = lisbon.day_of(1'792'929'600);  // 2026-10-25 12:00 UTC
  EXPECT_EQ(day.name, "2026-10-25");
  EXPECT_EQ(day.end - day.begin, 25 * 3600);
}

TEST(CalendarTest, MonthsGoFromTheirFirstToTheNext) {
  const auto month = Calendar("UTC").month_of(noon);
  EXPECT_EQ(month.name, "2026-11");
  EXPECT_EQ(month.end - month.begin, 30 * 86400);
  EXPECT_LE(month.begin, noon);
}

TEST(CalendarTest, WhatIsNoZoneIsRefused) {
  for (const std::string& name : {std::string(), std::string("Mars/Base"), std::string(1000, 'x')}) {
    EXPECT_EQ(field_of([&] { Calendar{name}; }), "zone");
  }
}

}  // namespace
}  // namespace cofre::text
