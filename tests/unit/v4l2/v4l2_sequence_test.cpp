#include "v4l2/v4l2_sequence.h"

#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

namespace onetake {
namespace {

using std::chrono::milliseconds;

/// Runs (sequence, ms) pairs and returns the findings as text: "-" for none.
std::string play(V4l2Sequence& sequence, const std::vector<std::pair<std::uint32_t, int>>& frames) {
    std::string found;
    for (const auto& [number, ms] : frames) {
        const auto f = sequence.next(number, HostTime(milliseconds(ms)));
        if (f.lost > 0) found += "lost" + std::to_string(f.lost);
        if (f.jumped_in_time) found += "jump";
        if (f.restarted) found += "restart";
        if (f.stuck) found += "stuck";
        found += f.lost > 0 || f.jumped_in_time || f.restarted || f.stuck ? " " : "-";
    }
    return found;
}

V4l2Sequence at_25_fps() {
    return V4l2Sequence(milliseconds(40));
}

TEST(V4l2Sequence, FindsNothingInRegularFramesFromAnyStart) {
    auto s = at_25_fps();
    EXPECT_EQ(play(s, {{17, 0}, {18, 40}, {19, 80}, {20, 121}}), "----");
}

TEST(V4l2Sequence, CountsFramesMissingFromCounterAndTime) {
    auto s = at_25_fps();
    EXPECT_EQ(play(s, {{0, 0}, {1, 40}, {4, 160}, {5, 200}}), "--lost2 -");
}

TEST(V4l2Sequence, CountsOnlyFramesWithATimeGap) {
    auto s = at_25_fps();
    EXPECT_EQ(play(s, {{0, 0}, {5, 120}, {6, 160}}), "-lost2 -");
}

TEST(V4l2Sequence, CountsNoLossForAJumpWithoutATimeGap) {
    auto s = at_25_fps();
    EXPECT_EQ(play(s, {{0, 0},
                       {9, 40},
                       {10, 80},
                       {11, 120},
                       {12, 160},
                       {13, 200},
                       {14, 240},
                       {15, 280},
                       {16, 320},
                       {17, 360},
                       {18, 400}}),
              "---------jump -");
}

TEST(V4l2Sequence, MatchesALossThatCounterAndStampsShowAtDifferentFrames) {
    auto late_counter = at_25_fps();
    EXPECT_EQ(play(late_counter, {{0, 0}, {1, 80}, {2, 120}, {4, 160}, {5, 200}}), "---lost1 -");
    auto early_counter = at_25_fps();
    EXPECT_EQ(play(early_counter, {{0, 0}, {2, 40}, {3, 80}, {4, 160}, {5, 200}}), "---lost1 -");
}

TEST(V4l2Sequence, CountsALossOnceIfTheCounterShowsItTwice) {
    auto s = at_25_fps();
    EXPECT_EQ(play(s, {{0, 0}, {2, 80}, {4, 120}, {5, 160}}), "-lost1 --");
}

TEST(V4l2Sequence, CountsNoLossForALongerExposure) {
    auto s = at_25_fps();
    EXPECT_EQ(play(s, {{0, 0}, {1, 40}, {2, 120}, {3, 200}, {4, 280}, {5, 360}}), "------");
}

TEST(V4l2Sequence, ReportsACounterStepBackAsRestartWithoutLoss) {
    auto s = at_25_fps();
    EXPECT_EQ(play(s, {{500, 0}, {0, 40}, {1, 80}, {3, 160}}), "-restart -lost1 ");
}

TEST(V4l2Sequence, WrapsAroundWithoutALoss) {
    auto s = at_25_fps();
    EXPECT_EQ(play(s, {{0xfffffffe, 0}, {0xffffffff, 40}, {0, 80}, {2, 160}}), "---lost1 ");
}

TEST(V4l2Sequence, ReportsACounterThatDoesNotAdvance) {
    auto s = at_25_fps();
    EXPECT_EQ(play(s, {{0, 0}, {0, 40}, {0, 80}}), "-stuck stuck ");
}

TEST(V4l2Sequence, UsesTheCounterIfTheRateIsUnknown) {
    V4l2Sequence s{Duration::zero()};
    EXPECT_EQ(play(s, {{0, 0}, {3, 40}}), "-lost2 ");
}

TEST(V4l2Sequence, AdaptsTheRateToTheStamps) {
    V4l2Sequence s(milliseconds(100));
    std::vector<std::pair<std::uint32_t, int>> frames;
    for (int i = 0; i < 60; ++i) frames.emplace_back(i, 20 * i);
    play(s, frames);
    EXPECT_EQ(play(s, {{62, 1240}}), "lost2 ");
}

TEST(V4l2Sequence, CountsALossAfterASingleDelay) {
    auto s = at_25_fps();
    EXPECT_EQ(play(s, {{0, 0}, {1, 40}, {2, 1500}, {3, 1540}, {5, 1620}}), "----lost1 ");
}

TEST(V4l2Sequence, StartsOverAfterReset) {
    auto s = at_25_fps();
    play(s, {{100, 0}});
    s.reset();
    EXPECT_EQ(play(s, {{0, 5000}, {1, 5040}}), "--");
}

}  // namespace
}  // namespace onetake
