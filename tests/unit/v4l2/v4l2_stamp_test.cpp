#include "v4l2/v4l2_stamp.h"

#include <gtest/gtest.h>

namespace onetake {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr HostTime kArrival{seconds(1000)};
constexpr std::uint32_t kSoe = V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC | V4L2_BUF_FLAG_TSTAMP_SRC_SOE;
constexpr std::uint32_t kEof = V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC | V4L2_BUF_FLAG_TSTAMP_SRC_EOF;

v4l2_buffer buffer(std::uint32_t flags, HostTime stamp) {
    v4l2_buffer b{};
    b.flags = flags;
    b.sequence = 7;
    b.timestamp.tv_sec = to_ns(stamp) / 1'000'000'000;
    b.timestamp.tv_usec = to_ns(stamp) / 1000 % 1'000'000;
    return b;
}

TEST(V4l2Stamps, UsesTheDriversStampAndKeepsTheArrival) {
    V4l2Stamps stamps;
    const FrameStamp s = stamps.stamp(buffer(kSoe, kArrival - milliseconds(20)), kArrival);
    EXPECT_EQ(s.time, kArrival - milliseconds(20));
    EXPECT_EQ(s.arrival, kArrival);
    EXPECT_EQ(s.source, StampSource::driver_soe);
    EXPECT_EQ(s.driver_sequence, 7U);
    EXPECT_EQ(stamps.take_note(), std::nullopt);
}

TEST(V4l2Stamps, DistinguishesStartOfExposureFromEndOfFrame) {
    EXPECT_EQ(V4l2Stamps().stamp(buffer(kEof, kArrival), kArrival).source, StampSource::driver_eof);
    EXPECT_EQ(V4l2Stamps().stamp(buffer(kSoe, kArrival), kArrival).source, StampSource::driver_soe);
}

TEST(V4l2Stamps, UsesTheArrivalIfTheStampHasNoClockOrIsCopied) {
    for (const std::uint32_t flags : {V4L2_BUF_FLAG_TIMESTAMP_UNKNOWN, V4L2_BUF_FLAG_TIMESTAMP_COPY}) {
        V4l2Stamps stamps;
        const FrameStamp s = stamps.stamp(buffer(flags, kArrival - milliseconds(5)), kArrival);
        EXPECT_EQ(s.time, kArrival);
        EXPECT_EQ(s.source, StampSource::arrival);
        EXPECT_EQ(stamps.take_note(), std::nullopt);
    }
}

TEST(V4l2Stamps, UsesTheArrivalForAnImplausibleStampAndReportsItOnce) {
    for (const Duration age : {Duration(seconds(6)), Duration(milliseconds(-1)), kArrival.time_since_epoch()}) {
        V4l2Stamps stamps;
        EXPECT_EQ(stamps.stamp(buffer(kSoe, kArrival - age), kArrival).source, StampSource::arrival);
        EXPECT_NE(stamps.take_note(), std::nullopt);
        const HostTime next = kArrival + milliseconds(33);
        EXPECT_EQ(stamps.stamp(buffer(kSoe, next - age), next).source, StampSource::arrival);
        EXPECT_EQ(stamps.take_note(), std::nullopt);
    }
}

TEST(V4l2Stamps, NeverStepsBackIfTheDriverDoes) {
    V4l2Stamps stamps;
    stamps.stamp(buffer(kSoe, kArrival - milliseconds(5)), kArrival);
    const auto again = stamps.stamp(buffer(kSoe, kArrival - milliseconds(5)), kArrival + milliseconds(33));
    EXPECT_EQ(again.source, StampSource::arrival);
    EXPECT_EQ(again.time, kArrival + milliseconds(33));
    const auto note = stamps.take_note();
    ASSERT_TRUE(note);
    EXPECT_NE(note->find("not after the previous frame"), std::string::npos);
}

}  // namespace
}  // namespace onetake
