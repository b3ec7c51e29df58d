#include "os/clock.h"

#include <gtest/gtest.h>

namespace cofre::os {
namespace {

TEST(Clock, TimesAreWrittenAndReadBack) {
  EXPECT_EQ(utc_text(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(utc_text(1'764'040'200'123), "2025-11-25T03:10:00.123Z");
  EXPECT_EQ(parse_utc("2025-11-25T03:10:00.123Z"), 1'764'040'200'123);
  EXPECT_EQ(parse_utc("2025-11-25T03:10"), 1'764'040'200'000);
  EXPECT_EQ(parse_utc("1970-01-02"), 86'400'000);
}

TEST(Clock, WhatIsNoTimeIsNotRead) {
  for (const char* text : {"", "x", "2025", "2025-1-01", "2025-02-30", "2025-13-01", "2025-01-01T", "2025-01-01T24:00",
                           "2025-01-01T00:60", "2025-01-01T00:00:00.1Z", "2025-01-01 ", "-025-01-01"}) {
    EXPECT_EQ(parse_utc(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace cofre::os
