#include "base/checked.h"

#include <cstdint>
#include <limits>

#include <gtest/gtest.h>

namespace cofre {
namespace {

constexpr auto max64 = std::numeric_limits<std::uint64_t>::max();

TEST(Checked, ASumThatFitsIsTheSum) { EXPECT_EQ(checked_add<std::uint64_t>(2, 3), 5u); }
TEST(Checked, ASumThatOverflowsIsNothing) { EXPECT_FALSE(checked_add<std::uint64_t>(max64, 1)); }
TEST(Checked, AProductThatOverflowsIsNothing) { EXPECT_FALSE(checked_mul<std::uint64_t>(max64 / 2, 3)); }
TEST(Checked, AlignmentRoundsUp) { EXPECT_EQ(checked_align<std::uint64_t>(33, 32), 64u); }
TEST(Checked, AlignmentKeepsAMultiple) { EXPECT_EQ(checked_align<std::uint64_t>(64, 32), 64u); }
TEST(Checked, AlignmentNearTheEndIsNothing) { EXPECT_FALSE(checked_align<std::uint64_t>(max64 - 3, 32)); }

}  // namespace
}  // namespace cofre
