#include "portaudio/stream_clock.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <vector>

namespace onetake {
namespace {

using namespace std::chrono_literals;

constexpr int kRate = 48'000;
constexpr std::int64_t kFrames = 480;
constexpr Duration kBlock = 10ms;
constexpr Duration kUptime = 12'345s;
constexpr Duration kEpoch = 1'790'000'000s;  // the wall clock is this far ahead

/// A callback `after` the stream's start whose block began `age` ago, on a clock `offset` ahead of the host's.
CallbackTimes callback(Duration after, Duration offset, Duration age = 30ms) {
    CallbackTimes times;
    times.host = HostTime(kUptime + after);
    times.wall = WallTime(kEpoch + kUptime + after);
    times.current = to_seconds(kUptime + after + offset);
    times.adc = to_seconds(kUptime + after + offset - age);
    times.frames = kFrames;
    return times;
}

StreamClock settled(Duration offset) {
    StreamClock clock(kRate);
    for (int i = 0; i < StreamClock::kEnough; ++i) clock.observe(callback(i * kBlock, offset));
    return clock;
}

void expect_near(HostTime actual, HostTime expected, Duration tolerance) {
    EXPECT_LE(std::abs((actual - expected).count()), tolerance.count())
        << to_ns(actual) << " against " << to_ns(expected);
}

TEST(StreamClock, UsesTheDevicesTimeUnchangedOnTheHostClock) {
    auto clock = settled(0s);
    ASSERT_EQ(clock.kind(), StreamClock::Kind::monotonic);
    const auto stamp = clock.stamp(callback(1s, 0s));
    EXPECT_EQ(stamp.source, StampSource::device);
    expect_near(stamp.time, HostTime(kUptime + 1s - 30ms), 1us);
}

TEST(StreamClock, ConvertsTheDevicesTimeFromTheWallClock) {
    auto clock = settled(kEpoch);
    ASSERT_EQ(clock.kind(), StreamClock::Kind::realtime);
    const auto stamp = clock.stamp(callback(1s, kEpoch));
    EXPECT_EQ(stamp.source, StampSource::device);
    expect_near(stamp.time, HostTime(kUptime + 1s - 30ms), 1us);
}

TEST(StreamClock, HandlesStepsOfTheWallClock) {
    auto clock = settled(kEpoch);
    for (const Duration step : {Duration(-2h), Duration(30s)}) {
        auto times = callback(1s + step.count() * 1us / 1'000'000'000, kEpoch + step);
        times.wall += step;
        const auto stamp = clock.stamp(times);
        EXPECT_EQ(stamp.source, StampSource::device);
        expect_near(stamp.time, times.host - 30ms, 1us);
    }
}

TEST(StreamClock, FallsBackToTheArrivalIfTheStreamHasNoClock) {
    for (const Duration offset : {Duration(-kUptime), Duration(1h), Duration(-1h), Duration(kEpoch / 2)}) {
        StreamClock clock(kRate);
        for (int i = 0; i < StreamClock::kMaxCallbacks; ++i) clock.observe(callback(i * kBlock, offset));
        ASSERT_EQ(clock.kind(), StreamClock::Kind::unusable);
        const auto times = callback(1s, offset);
        const auto stamp = clock.stamp(times);
        EXPECT_EQ(stamp.source, StampSource::arrival);
        EXPECT_EQ(stamp.time, times.host - kBlock);
    }
}

TEST(StreamClock, IsNotMisledByFirstTimesOfZero) {
    StreamClock clock(kRate);
    CallbackTimes nothing = callback(0s, 0s);
    nothing.current = 0;
    nothing.adc = -0.085;
    clock.observe(nothing);
    clock.observe(nothing);
    for (int i = 2; i < 2 + StreamClock::kEnough; ++i) clock.observe(callback(i * kBlock, 0s));
    ASSERT_EQ(clock.kind(), StreamClock::Kind::monotonic);
    EXPECT_EQ(clock.stamp(nothing).source, StampSource::arrival);
    EXPECT_EQ(clock.stamp(callback(2 * kBlock, 0s)).source, StampSource::device);
}

TEST(StreamClock, RejectsImplausibleCaptureTimes) {
    const double now = to_seconds(kUptime + 1s);
    for (const double adc :
         {0.0, -0.1, now + 0.5, now - 60.0, now + to_seconds(kEpoch), std::numeric_limits<double>::quiet_NaN(),
          std::numeric_limits<double>::infinity(), 1e300}) {
        auto clock = settled(0s);
        auto times = callback(1s, 0s);
        times.adc = adc;
        const auto stamp = clock.stamp(times);
        EXPECT_EQ(stamp.source, StampSource::arrival) << adc;
        EXPECT_EQ(stamp.time, times.host - kBlock) << adc;
    }
}

TEST(StreamClock, RejectsATimeThatDoesNotAdvance) {
    auto clock = settled(0s);
    auto times = callback(1s, 0s);
    EXPECT_EQ(clock.stamp(times).source, StampSource::device);
    times.host += kBlock;
    times.wall += kBlock;
    times.current += 0.01;
    EXPECT_EQ(clock.stamp(times).source, StampSource::arrival);
    EXPECT_EQ(clock.stamp(callback(1s + 2 * kBlock, 0s)).source, StampSource::device);
}

TEST(StreamClock, AcceptsASmallStepBackButNotALargeOne) {
    for (const Duration offset : {Duration(0s), Duration(kEpoch)}) {
        auto clock = settled(offset);
        EXPECT_EQ(clock.stamp(callback(1s, offset)).source, StampSource::device);
        const auto back = clock.stamp(callback(1s + kBlock, offset, 40500us));
        EXPECT_EQ(back.source, StampSource::device);
        expect_near(back.time, HostTime(kUptime + 1s - 30500us), 1us);
        EXPECT_EQ(clock.stamp(callback(1s + 2 * kBlock, offset, 500ms)).source, StampSource::arrival);
        EXPECT_EQ(clock.stamp(callback(1s + 3 * kBlock, offset)).source, StampSource::device);
    }
}

TEST(StreamClock, RejectsAStreamTimeThatDoesNotAdvance) {
    auto clock = settled(0s);
    auto times = callback(1s, 0s);
    times.host += 1500ms;
    times.wall += 1500ms;
    EXPECT_EQ(clock.stamp(times).source, StampSource::arrival);
}

TEST(StreamClock, KeepsTheTimesOfABurstWithTheSameNow) {
    for (const Duration offset : {Duration(0s), Duration(kEpoch)}) {
        auto clock = settled(offset);
        for (int i = 0; i < 8; ++i) {
            auto times = callback(1s, offset, 80ms - i * kBlock);
            times.host += i * 50us;
            times.wall += i * 50us;
            const auto stamp = clock.stamp(times);
            EXPECT_EQ(stamp.source, StampSource::device);
            expect_near(stamp.time, HostTime(kUptime + 1s - 80ms + i * kBlock), 1us);
        }
    }
}

TEST(StreamClock, DecidesAfterAFewCallbacksOrAShortTime) {
    StreamClock agreed(kRate), confused(kRate), slow(kRate);
    int callbacks = 0;
    while (!agreed.decided()) agreed.observe(callback(++callbacks * kBlock, 0s));
    EXPECT_EQ(callbacks, StreamClock::kEnough);

    callbacks = 0;
    while (!confused.decided()) confused.observe(callback(++callbacks * kBlock, 1h));
    EXPECT_EQ(callbacks, StreamClock::kMaxCallbacks);

    callbacks = 0;
    while (!slow.decided()) slow.observe(callback(++callbacks * 150ms, 0s));
    EXPECT_EQ(callbacks, 3);
    EXPECT_EQ(slow.kind(), StreamClock::Kind::monotonic);
}

TEST(StreamClock, WithoutAnyCallbackHasNoClock) {
    StreamClock clock(kRate);
    clock.decide();
    EXPECT_EQ(clock.kind(), StreamClock::Kind::unusable);
}

TEST(StreamClock, ConvertsAWallTimeByOneReadingOfBothClocks) {
    EXPECT_EQ(host_time_of_wall(WallTime(kEpoch + 5s), HostTime(10s), WallTime(kEpoch + 7s)), HostTime(8s));
}

}  // namespace
}  // namespace onetake
