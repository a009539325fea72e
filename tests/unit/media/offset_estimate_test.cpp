#include "media/offset_estimate.h"

#include <cmath>
#include <gmock/gmock.h>
#include <random>

namespace onetake {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using ::testing::HasSubstr;

constexpr Duration kFrame(33'333'333);

SyncReport pairs_of(const std::vector<Duration>& offsets) {
    SyncReport report;
    Duration flash{};
    for (const auto offset : offsets) {
        flash += std::chrono::seconds(1);
        report.pairs.push_back({flash, flash + offset});
    }
    return report;
}

// Pairs as a camera captures them: each flash is first visible in the frame after it.
SyncReport seen(int count, Duration truth, std::mt19937& random) {
    std::uniform_int_distribution<std::int64_t> wait(0, kFrame.count() - 1);
    std::vector<Duration> offsets;
    for (int i = 0; i < count; ++i) offsets.push_back(truth - Duration(wait(random)));
    return pairs_of(offsets);
}

TEST(OffsetEstimate, DoesNotCorrectFlashesSynchronousToTheFrames) {
    const auto estimate = estimate_offset(pairs_of(std::vector<Duration>(10, milliseconds(83))), kFrame).value();
    EXPECT_EQ(estimate.offset, milliseconds(83));
    EXPECT_TRUE(estimate.frame_locked);
    EXPECT_EQ(estimate.pairs, 10u);
    EXPECT_LE(estimate.error, milliseconds(1));
}

TEST(OffsetEstimate, IsUnbiasedAndAsAccurateAsReportedForRandomFlashes) {
    constexpr int kRuns = 2000;
    const Duration truth = milliseconds(-17);
    std::mt19937 random(7);
    for (const int count : {8, 16, 64}) {
        double sum = 0;
        int within = 0;
        for (int run = 0; run < kRuns; ++run) {
            const auto estimate = estimate_offset(seen(count, truth, random), kFrame).value();
            const auto off = estimate.offset - truth;
            sum += to_seconds(off) * 1e3;
            if (std::chrono::abs(off) <= estimate.error) ++within;
            EXPECT_FALSE(estimate.frame_locked);
        }
        EXPECT_NEAR(sum / kRuns, 0, 0.3) << count;
        EXPECT_GE(within, kRuns * 94 / 100) << count;
    }
}

TEST(OffsetEstimate, LeavesOutOutliers) {
    std::vector<Duration> offsets(9, milliseconds(40));
    offsets.push_back(milliseconds(-210));
    const auto estimate = estimate_offset(pairs_of(offsets), kFrame).value();
    EXPECT_EQ(estimate.offset, milliseconds(40));
    EXPECT_EQ(estimate.left_out, 1u);
}

TEST(OffsetEstimate, RefusesTooFewPairsAndReportsTheirNumber) {
    auto marks = pairs_of(std::vector<Duration>(4, milliseconds(40)));
    marks.lone_beeps = 12;
    const auto estimate = estimate_offset(marks, kFrame);
    ASSERT_FALSE(estimate);
    EXPECT_EQ(estimate.error().code, ErrorCode::refused);
    EXPECT_THAT(estimate.error().message, HasSubstr("Only 4"));
    EXPECT_THAT(estimate.error().message, HasSubstr("12 beeps"));
}

TEST(OffsetEstimate, RefusesPairsThatScatterMoreThanFramesExplain) {
    std::vector<Duration> offsets;
    for (int i = 0; i < 12; ++i) offsets.push_back(milliseconds(i * 20));
    const auto estimate = estimate_offset(pairs_of(offsets), kFrame);
    ASSERT_FALSE(estimate);
    EXPECT_THAT(estimate.error().message, HasSubstr("scatter"));
}

}  // namespace
}  // namespace onetake
