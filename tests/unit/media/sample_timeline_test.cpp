#include "media/sample_timeline.h"

#include <cstdlib>
#include <gtest/gtest.h>

namespace onetake {
namespace {

constexpr int kRate = 48000;
constexpr HostTime kOrigin = host_time_from_ns(1'000'000'000);

HostTime after(Duration d) {
    return kOrigin + d;
}

// Half a second of samples by the label rate, which last `length`.
AudioSpan half_second(std::int64_t first, HostTime begin, Duration length, bool after_gap = false) {
    return {first, kRate / 2, begin, begin + length, after_gap};
}

constexpr auto kHalf = std::chrono::milliseconds(500);
constexpr auto kSlow = kHalf + std::chrono::microseconds(150);  // a card 300 ppm slow

TEST(SampleTimeline, CountsEverySampleAndMovesOtherMedia) {
    SampleTimeline timeline(kRate, kOrigin);
    HostTime begin = after(std::chrono::milliseconds(100));
    for (int i = 0; i < 7200; ++i) {
        ASSERT_EQ(timeline.add(half_second(i * kRate / 2, begin, kSlow)), kRate / 10 + i * kRate / 2);
        EXPECT_EQ(timeline.at(begin), MediaTime(std::chrono::milliseconds(100) + i * kHalf));
        EXPECT_EQ(timeline.at(begin + kSlow / 2), MediaTime(std::chrono::milliseconds(350) + i * kHalf));
        begin += kSlow;
        EXPECT_EQ(timeline.settled(), begin);
    }
    // An hour's drift, 1.08 s, is in the frames' times now.
    EXPECT_EQ(timeline.at(begin), MediaTime(std::chrono::milliseconds(100) + std::chrono::hours(1)));
}

TEST(SampleTimeline, RunsAtTheHostsPaceOutsideOfTheSamples) {
    SampleTimeline timeline(kRate, kOrigin);
    EXPECT_EQ(timeline.settled(), HostTime{});
    EXPECT_EQ(timeline.at(after(kHalf)), MediaTime(kHalf));
    timeline.add(half_second(0, after(kHalf), kSlow));
    EXPECT_EQ(timeline.at(after(kHalf / 2)), MediaTime(kHalf / 2));
    EXPECT_EQ(timeline.at(after(kHalf + kSlow + kHalf)), MediaTime(3 * kHalf));
    EXPECT_EQ(timeline.at(kOrigin - kHalf), MediaTime(-kHalf));
}

TEST(SampleTimeline, KeepsAGapsLengthToTheSample) {
    SampleTimeline timeline(kRate, kOrigin);
    timeline.add(half_second(0, kOrigin, kSlow));
    const auto again = kOrigin + kSlow + std::chrono::microseconds(250'010);
    EXPECT_EQ(timeline.add(half_second(kRate / 2, again, kSlow, true)), kRate / 2 + kRate / 4);
    MediaTime last{};
    for (auto t = kOrigin; t < again + kSlow; t += std::chrono::milliseconds(1)) {
        const auto now = timeline.at(t);
        EXPECT_GT(now, last - std::chrono::microseconds(11)) << to_ns(t);
        EXPECT_LE(std::abs(((now - MediaTime{}) - (t - kOrigin)).count()), 320'000);
        last = now;
    }
}

}  // namespace
}  // namespace onetake
