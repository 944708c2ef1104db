#include "core/build_driver.hpp"

#include <gtest/gtest.h>

namespace hotrun {
namespace {

using std::chrono::milliseconds;
using Want = BuildDriver::Want;

constexpr TimePoint at(int ms) {
    return TimePoint(std::chrono::hours(1) + milliseconds(ms));
}

// A build that a change cancels, `ms` being the time of all of it.
void cancel_one(BuildDriver &driver, int ms) {
    ASSERT_EQ(driver.next(at(ms)), Want::kStart);
    driver.change(at(ms));
    ASSERT_EQ(driver.next(at(ms)), Want::kCancel);
    driver.build_ended(at(ms));
}

TEST(BuildDriver, NothingIsBuiltWithoutAChange) {
    BuildDriver driver;
    EXPECT_TRUE(driver.idle());
    EXPECT_EQ(driver.next(at(0)), Want::kNothing);
    EXPECT_EQ(driver.deadline(), std::nullopt);
}

TEST(BuildDriver, FirstChangeStartsTheBuildAtOnce) {
    BuildDriver driver;
    driver.change(at(0));
    EXPECT_FALSE(driver.idle());
    EXPECT_FALSE(driver.building());
    EXPECT_EQ(driver.deadline(), at(0));
    EXPECT_EQ(driver.next(at(0)), Want::kStart);
    EXPECT_TRUE(driver.building());
    EXPECT_EQ(driver.deadline(), std::nullopt);
    EXPECT_EQ(driver.next(at(1)), Want::kNothing);
}

TEST(BuildDriver, EndOfABuildWithoutAChangeIsIdle) {
    BuildDriver driver;
    driver.change(at(0));
    ASSERT_EQ(driver.next(at(0)), Want::kStart);
    driver.build_ended(at(40));
    EXPECT_TRUE(driver.idle());
    EXPECT_EQ(driver.next(at(40)), Want::kNothing);
}

TEST(BuildDriver, ChangeDuringBuildCancelsOnce) {
    BuildDriver driver;
    driver.change(at(0));
    ASSERT_EQ(driver.next(at(0)), Want::kStart);
    driver.change(at(5));
    EXPECT_EQ(driver.next(at(5)), Want::kCancel);
    driver.change(at(6));
    EXPECT_EQ(driver.next(at(6)), Want::kNothing);
    EXPECT_TRUE(driver.building());
}

TEST(BuildDriver, AfterACancelTheNextBuildWaitsForQuiet) {
    BuildDriver driver;
    driver.change(at(0));
    cancel_one(driver, 0);
    EXPECT_EQ(driver.deadline(), at(15));
    driver.change(at(10));
    EXPECT_EQ(driver.deadline(), at(25));
    EXPECT_EQ(driver.next(at(24)), Want::kNothing);
    EXPECT_EQ(driver.next(at(25)), Want::kStart);
}

TEST(BuildDriver, QuietBeginsWithTheLastSaveNotWithTheEndOfTheBuild) {
    BuildDriver driver;
    driver.change(at(0));
    ASSERT_EQ(driver.next(at(0)), Want::kStart);
    driver.change(at(5));
    ASSERT_EQ(driver.next(at(5)), Want::kCancel);
    driver.build_ended(at(30));
    EXPECT_EQ(driver.next(at(30)), Want::kStart);
}

TEST(BuildDriver, SavesWithoutAPauseAreBuiltAtTheLimit) {
    BuildDriver driver;
    driver.change(at(0));
    cancel_one(driver, 0);
    for (int ms = 10; ms < 500; ms += 10) {
        driver.change(at(ms));
        ASSERT_EQ(driver.next(at(ms)), Want::kNothing) << ms;
    }
    EXPECT_EQ(driver.deadline(), at(500));
    EXPECT_EQ(driver.next(at(500)), Want::kStart);
}

TEST(BuildDriver, AfterThreeCancelsTheNextBuildRunsToItsEnd) {
    BuildDriver driver;
    driver.change(at(0));
    for (int n = 0; n < BuildDriver::kCancelsInRow; ++n)
        cancel_one(driver, n * 100);
    ASSERT_EQ(driver.next(at(300)), Want::kStart);
    driver.change(at(310));
    EXPECT_EQ(driver.next(at(310)), Want::kNothing);

    // What was saved meanwhile is built next, at once, and can be cancelled again.
    driver.build_ended(at(400));
    cancel_one(driver, 400);
}

TEST(BuildDriver, BuildThatEndsForgetsTheCancels) {
    BuildDriver driver;
    driver.change(at(0));
    cancel_one(driver, 0);
    cancel_one(driver, 100);
    ASSERT_EQ(driver.next(at(200)), Want::kStart);
    driver.build_ended(at(240));
    driver.change(at(300));
    for (int n = 0; n < BuildDriver::kCancelsInRow; ++n)
        cancel_one(driver, 300 + n * 100);
}

// It is given up for the first change, which was waiting for nothing: there is no burst yet.
TEST(BuildDriver, BuildInTheBackgroundGivesWayAtOnce) {
    BuildDriver driver;
    driver.build_in_background(at(0));
    EXPECT_TRUE(driver.in_background());
    EXPECT_EQ(driver.next(at(0)), Want::kStart);
    EXPECT_TRUE(driver.in_background());
    driver.change(at(10));
    EXPECT_FALSE(driver.in_background());
    EXPECT_EQ(driver.next(at(10)), Want::kCancel);
    driver.build_ended(at(12));
    EXPECT_FALSE(driver.in_background());
    EXPECT_EQ(driver.next(at(12)), Want::kStart);
    driver.build_ended(at(20));
    EXPECT_TRUE(driver.idle());
}

TEST(BuildDriver, BuildInTheBackgroundGivesWayHoweverManyWereCancelled) {
    BuildDriver driver;
    driver.change(at(0));
    for (int i = 0; i < BuildDriver::kCancelsInRow; ++i)
        cancel_one(driver, 100 * i);
    ASSERT_EQ(driver.next(at(1000)), Want::kStart);
    driver.build_ended(at(1010));
    for (int i = 0; i < 2 * BuildDriver::kCancelsInRow; ++i) {
        driver.build_in_background(at(2000));
        cancel_one(driver, 2000);
        ASSERT_EQ(driver.next(at(2000)), Want::kStart);
        driver.build_ended(at(2000));
    }
}

TEST(BuildDriver, ChangeBeforeABuildInTheBackgroundTakesItsPlace) {
    BuildDriver driver;
    driver.build_in_background(at(0));
    driver.change(at(1));
    EXPECT_FALSE(driver.in_background());
    EXPECT_EQ(driver.next(at(1)), Want::kStart);
    EXPECT_FALSE(driver.in_background());
}

} // namespace
} // namespace hotrun
