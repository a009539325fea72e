#include "base/time.h"

#include "base/clock.h"
#include "base/histogram.h"

#include <cmath>
#include <gtest/gtest.h>

namespace onetake {
namespace {

TEST(Ticks, AreRoundedToNearestAtAnyLength) {
    EXPECT_EQ(to_ticks(Duration(0), 90000), 0);
    EXPECT_EQ(to_ticks(Duration(5555), 90000), 0);
    EXPECT_EQ(to_ticks(Duration(5556), 90000), 1);
    EXPECT_EQ(to_ticks(Duration(-5556), 90000), -1);
    EXPECT_EQ(to_ticks(std::chrono::hours(24 * 365), 90000), 90000LL * 3600 * 24 * 365);
    EXPECT_EQ(from_ticks(1, 90000), Duration(11111));
    for (const std::int64_t ticks : {1LL, 12345LL, 90000LL * 3600 * 1000 + 7})
        EXPECT_EQ(to_ticks(from_ticks(ticks, 90000), 90000), ticks);
}

TEST(Seconds, AreRoundedToTheNearestNanosecond) {
    EXPECT_EQ(duration_from_seconds(1.5), Duration(1'500'000'000));
    EXPECT_EQ(duration_from_seconds(-0.25), Duration(-250'000'000));
    EXPECT_EQ(duration_from_seconds(100000.000000001), Duration(100'000'000'000'001));
}

TEST(WallTime, IsFormattedForNamesAndContainers) {
    const WallTime t(Duration(1'795'226'142'791'759'239));
    EXPECT_EQ(utc_iso(t), "2026-11-21T01:55:42.791759Z");
    EXPECT_EQ(utc_compact(t), "20261121T015542Z");
    EXPECT_EQ(utc_iso(WallTime(Duration(-1'000))), "1969-12-31T23:59:59.999999Z");
    EXPECT_EQ(local_name(t).size(), std::string("2026-11-21_02-55-42").size());
}

TEST(Clocks, AreReadTogether) {
    const auto before = host_now();
    const auto reading = read_clocks();
    const auto after = host_now();
    EXPECT_LE(before, reading.host);
    EXPECT_LE(reading.host, after);
    EXPECT_GE(reading.spread, Duration{});
    EXPECT_GE(to_ns(reading.boot), 0);
    EXPECT_GT(to_ns(reading.wall), 1'600'000'000'000'000'000);
}

TEST(Histogram, ReturnsQuantilesWithinAnEighth) {
    DurationHistogram h;
    EXPECT_EQ(h.quantile(0.95), Duration{});
    for (int i = 1; i <= 1000; ++i) h.add(std::chrono::microseconds(i));
    const auto p95 = static_cast<double>(h.quantile(0.95).count());
    EXPECT_GE(p95, 950e3);
    EXPECT_LE(p95, 951e3 * 1.13);
    EXPECT_EQ(h.max(), std::chrono::microseconds(1000));
    EXPECT_EQ(h.quantile(1), h.max());
    EXPECT_EQ(h.mean(), Duration(500'500));
    h.add(std::chrono::hours(24 * 365 * 200));
    EXPECT_EQ(h.max(), std::chrono::hours(24 * 365 * 200));
}

}  // namespace
}  // namespace onetake
