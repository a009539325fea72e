#include "input/live_clock.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <random>

namespace onetake {
namespace {

using namespace std::chrono_literals;

const HostTime kHost = HostTime(1000s);  // CLOCK_MONOTONIC at the stream's time 0
const WallTime kWall = WallTime(1'800'000'000s);

ClockReading clocks() {
    ClockReading reading;
    reading.host = kHost;
    reading.wall = kWall;
    return reading;
}

// Errors of the capture times of a stream whose packets are under way for 30 ms or longer, by a sender whose clock runs
// `ppm` fast. Two of three come at most 20 ms later, some much later.
struct Simulated {
    double ppm = 0;
    std::optional<WallTime> sender_start = {};
    Duration sender_from = Duration::zero();
    Duration length = 300s;

    std::vector<double> errors_ms(LiveClock& clock) const {
        std::mt19937 random(1);
        std::vector<double> errors;
        for (Duration captured{}; captured < length; captured += 20ms) {
            const auto late = random() % 3 == 0 ? random() % 300 : random() % 20;
            const auto time = captured + Duration(std::llround(static_cast<double>(captured.count()) * ppm * 1e-6));
            const auto arrival = kHost + captured + 30ms + std::chrono::milliseconds(late);
            clock.observe(time, arrival, captured >= sender_from ? sender_start : std::nullopt, clocks());
            if (clock.settled()) errors.push_back(to_seconds(clock.capture_time(time) - (kHost + captured)) * 1e3);
        }
        return errors;
    }
};

TEST(LiveClock, ByArrivalTimesAreLateByTheShortestWayAndDoNotScatter) {
    LiveClock clock;
    const auto errors = Simulated{}.errors_ms(clock);
    EXPECT_EQ(clock.source(), LiveClock::Source::arrival);
    EXPECT_GT(errors.size(), 14000U);
    const auto [least, most] = std::ranges::minmax(errors);
    EXPECT_GE(least, 30);
    EXPECT_LE(most, 40);
    EXPECT_LE(errors.back(), 31.5);
}

TEST(LiveClock, ASenderThatDriftsIsFollowedWithoutSteps) {
    for (const double ppm : {100.0, -100.0}) {
        LiveClock clock;
        const auto errors = Simulated{.ppm = ppm}.errors_ms(clock);
        EXPECT_NEAR(errors.back(), 30, 5) << ppm << " ppm: 30 ms of drift in all";
        for (std::size_t i = 1; i < errors.size(); ++i) ASSERT_LT(std::abs(errors[i] - errors[i - 1]), 0.2) << i;
    }
}

TEST(LiveClock, ASenderThatKnowsTheTimeIsTakenAtItsWord) {
    LiveClock clock;
    const auto errors = Simulated{.sender_start = kWall}.errors_ms(clock);
    EXPECT_EQ(clock.source(), LiveClock::Source::sender);
    EXPECT_EQ(errors.size(), 15000U) << "from the first packet on";
    for (const double e : errors) ASSERT_NEAR(e, 0, 4);
    EXPECT_NEAR(errors.front(), 0, 1e-6);
}

TEST(LiveClock, ASenderThatDriftsIsFollowedFromItsOwnTime) {
    LiveClock clock;
    const auto errors = Simulated{.ppm = 100, .sender_start = kWall, .length = 600s}.errors_ms(clock);
    EXPECT_NEAR(errors.back(), 0, 10) << "60 ms of drift in all";
}

TEST(LiveClock, AReportThatComesLaterMovesTheTimesOnce) {
    LiveClock clock;
    const auto errors = Simulated{.sender_start = kWall, .sender_from = 3s, .length = 20s}.errors_ms(clock);
    EXPECT_GT(errors.front(), 29);
    EXPECT_NEAR(errors.back(), 0, 0.1);
    int steps = 0;
    for (std::size_t i = 1; i < errors.size(); ++i) steps += std::abs(errors[i] - errors[i - 1]) > 1;
    EXPECT_EQ(steps, 1);
}

TEST(LiveClock, ASenderWhoseClockNobodySetIsNotBelieved) {
    for (const Duration wrong : {Duration(-3600s), Duration(-5s), Duration(1s), Duration(86400s)}) {
        LiveClock clock;
        const auto errors = Simulated{.sender_start = kWall + wrong, .length = 20s}.errors_ms(clock);
        EXPECT_EQ(clock.source(), LiveClock::Source::arrival) << to_seconds(wrong);
        EXPECT_TRUE(clock.refused_way());
        EXPECT_GE(errors.front(), 30);
    }
}

TEST(LiveClock, AClockThatJumpsBeginsAnew) {
    LiveClock clock;
    for (int i = 0; i < 100; ++i) clock.observe(i * 20ms, kHost + i * 20ms, std::nullopt, clocks());
    ASSERT_TRUE(clock.settled());
    EXPECT_EQ(clock.observe(3600s, kHost + 2s, std::nullopt, clocks()), LiveClock::Seen::began_anew);
    EXPECT_FALSE(clock.settled());
    for (int i = 1; i < 100; ++i) clock.observe(3600s + i * 20ms, kHost + 2s + i * 20ms, std::nullopt, clocks());
    EXPECT_EQ(clock.capture_time(3601s), kHost + 3s);
}

}  // namespace
}  // namespace onetake
