#include "v4l2/v4l2_camera.h"

#include "capture/bounded_call.h"
#include "v4l2_recorded.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <thread>

namespace onetake {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Kind = SourceEvent::Kind;

FakeStep numbered(std::uint32_t sequence, Duration after = std::chrono::microseconds(33'333)) {
    FakeStep step;
    step.sequence = sequence;
    step.after = after;
    return step;
}

FakeStep damaged_frame() {
    FakeStep step;
    step.damaged = true;
    return step;
}

FakeStep short_frame(std::uint32_t bytes) {
    FakeStep step;
    step.bytesused = bytes;
    return step;
}

V4l2CameraOptions short_timeout() {
    V4l2CameraOptions o = options();
    o.stop_within = milliseconds(1);
    return o;
}

void wait_for_abandoned_threads() {
    while (BoundedCall::abandoned() > 0) std::this_thread::yield();
}

TEST(V4l2Camera, DeliversEachJpegAsTheCameraSentIt) {
    FakeV4l2 kernel{FakeCamera{}};
    auto camera = open(kernel);
    V4l2RecordingReceiver receiver;
    EXPECT_THAT(record(kernel, *camera, receiver, {a_frame(), a_frame(), a_frame(), a_frame(), a_frame(), a_frame()}),
                ElementsAre("frame 0", "frame 1", "frame 2", "frame 3", "frame 4", "frame 5"));
    for (const Frame& frame : receiver.frames()) {
        EXPECT_EQ(frame.format, PixelFormat::jpeg);
        EXPECT_EQ(frame.width, 1280);
        EXPECT_EQ(frame.height, 720);
        EXPECT_EQ(frame.stride, 0);
        const auto sequence = *frame.stamp.driver_sequence;
        ASSERT_EQ(frame.bytes.size(), 1000 + sequence);
        EXPECT_EQ(frame.bytes.data()[0], 0xff);
        EXPECT_EQ(frame.bytes.data()[999], static_cast<std::uint8_t>(999 + sequence));
    }
}

TEST(V4l2Camera, StampsWithTheDriversTimeAndKeepsTheArrival) {
    FakeV4l2 kernel{FakeCamera{}};
    auto camera = open(kernel);
    V4l2RecordingReceiver receiver;
    record(kernel, *camera, receiver, {a_frame(), a_frame()});
    ASSERT_THAT(receiver.frames(), SizeIs(2));
    for (const Frame& frame : receiver.frames()) {
        EXPECT_EQ(frame.stamp.source, StampSource::driver_soe);
        const Duration age = frame.stamp.arrival - frame.stamp.time;
        EXPECT_GE(age, milliseconds(20));
        EXPECT_LT(age, milliseconds(20) + std::chrono::microseconds(1));
    }
}

TEST(V4l2Camera, StampsOnArrivalIfTheDriverHasNoClock) {
    for (const std::uint32_t flags : {V4L2_BUF_FLAG_TIMESTAMP_UNKNOWN, V4L2_BUF_FLAG_TIMESTAMP_COPY}) {
        FakeCamera fake;
        fake.stamp_flags = flags;
        FakeV4l2 kernel(fake);
        auto camera = open(kernel);
        V4l2RecordingReceiver receiver;
        record(kernel, *camera, receiver, {a_frame()});
        ASSERT_THAT(receiver.frames(), SizeIs(1));
        EXPECT_EQ(receiver.frames()[0].stamp.source, StampSource::arrival);
        EXPECT_EQ(receiver.frames()[0].stamp.time, receiver.frames()[0].stamp.arrival);
    }
}

TEST(V4l2Camera, ReportsImplausibleDriverStampsOnce) {
    FakeCamera fake;
    fake.stamp_age = seconds(100);
    EXPECT_THAT(record({a_frame(), a_frame()}, fake), ElementsAre("note", "frame 0", "frame 1"));
}

TEST(V4l2Camera, CopiesRowsWithTheirPadding) {
    FakeCamera fake;
    fake.padding = 64;
    fake.formats = {{V4L2_PIX_FMT_NV12, {{64, 32, {{1, 30}}}}, {}, {}}};
    FakeV4l2 kernel(fake);
    V4l2CameraOptions o = options();
    o.fourcc = "NV12";
    auto camera = open(kernel, o);
    V4l2RecordingReceiver receiver;
    record(kernel, *camera, receiver, {a_frame()});
    ASSERT_THAT(receiver.frames(), SizeIs(1));
    const Frame& frame = receiver.frames()[0];
    EXPECT_EQ(frame.format, PixelFormat::nv12);
    EXPECT_EQ(frame.stride, 128);
    ASSERT_EQ(frame.bytes.size(), 128U * 48);
    for (std::size_t i = 0; i < frame.bytes.size(); ++i)
        ASSERT_EQ(frame.bytes.data()[i], static_cast<std::uint8_t>(i)) << i;
}

TEST(V4l2Camera, SupportsEveryRawFormat) {
    const std::tuple<const char*, std::uint32_t, PixelFormat, std::size_t> formats[] = {
        {"YUYV", V4L2_PIX_FMT_YUYV, PixelFormat::yuyv, 64 * 32 * 2},
        {"NV12", V4L2_PIX_FMT_NV12, PixelFormat::nv12, 64 * 32 * 3 / 2},
        {"YU12", V4L2_PIX_FMT_YUV420, PixelFormat::i420, 64 * 32 * 3 / 2},
        {"RGB3", V4L2_PIX_FMT_RGB24, PixelFormat::rgb24, 64 * 32 * 3},
        {"BGR3", V4L2_PIX_FMT_BGR24, PixelFormat::bgr24, 64 * 32 * 3},
        {"GREY", V4L2_PIX_FMT_GREY, PixelFormat::gray8, 64 * 32}};
    for (const auto& [name, fourcc, format, bytes] : formats) {
        FakeCamera fake;
        fake.formats = {{fourcc, {{64, 32, {{1, 30}}}}, {}, {}}};
        FakeV4l2 kernel(fake);
        V4l2CameraOptions o = options();
        o.fourcc = name;
        auto camera = open(kernel, o);
        V4l2RecordingReceiver receiver;
        record(kernel, *camera, receiver, {a_frame(), short_frame(64 * 32 - 1)});
        EXPECT_THAT(receiver.lines(), ElementsAre("frame 0", "corrupt 1")) << name;
        EXPECT_EQ(receiver.frames()[0].format, format);
        EXPECT_EQ(receiver.frames()[0].bytes.size(), bytes);
    }
}

TEST(V4l2Camera, DiscardsTheWarmupAndItsLosses) {
    EXPECT_THAT(record({a_frame(), damaged_frame(), numbered(9, seconds(1)), a_frame(), a_frame()}, {}, options(3)),
                ElementsAre("frame 10", "frame 11"));
}

TEST(V4l2Camera, DiscardsTheStaleBufferOfALoopback) {
    FakeCamera fake;
    fake.driver = "v4l2 loopback";
    fake.stale_first = true;
    fake.stamp_flags = V4L2_BUF_FLAG_TIMESTAMP_UNKNOWN;
    EXPECT_THAT(record({a_frame(), a_frame()}, fake), ElementsAre("frame 40", "frame 41"));
}

TEST(V4l2Camera, CountsFramesThatTheDriverLost) {
    FakeV4l2 kernel{FakeCamera{}};
    auto camera = open(kernel);
    V4l2RecordingReceiver receiver;
    EXPECT_THAT(record(kernel, *camera, receiver, {a_frame(), a_frame(), numbered(4, milliseconds(100)), a_frame()}),
                ElementsAre("frame 0", "frame 1", "drop 2", "frame 4", "frame 5"));
    EXPECT_THAT(receiver.text_of(Kind::driver_drop), AllOf(HasSubstr("/dev/video0"), HasSubstr("before frame 4")));
}

TEST(V4l2Camera, ReportsACounterJumpWithoutATimeGapOnceAndCountsNothing) {
    std::vector<FakeStep> script = {a_frame(), numbered(50)};
    script.insert(script.end(), 10, a_frame());
    script.push_back(numbered(100));
    script.insert(script.end(), 10, a_frame());
    const auto lines = record(script);
    EXPECT_THAT(lines, SizeIs(script.size() + 1));
    EXPECT_EQ(std::count(lines.begin(), lines.end(), "note"), 1);
}

TEST(V4l2Camera, ReportsACounterRestart) {
    EXPECT_THAT(record({numbered(7), numbered(0), a_frame()}), ElementsAre("frame 7", "note", "frame 0", "frame 1"));
}

TEST(V4l2Camera, ReportsACounterThatDoesNotAdvanceOnce) {
    EXPECT_THAT(record({numbered(0), numbered(0), numbered(0)}), ElementsAre("frame 0", "note", "frame 0", "frame 0"));
}

TEST(V4l2Camera, DropsAndCountsDamagedFrames) {
    FakeStep not_a_jpeg;
    not_a_jpeg.first_byte = 0;
    EXPECT_THAT(record({a_frame(), damaged_frame(), short_frame(0), short_frame(20), not_a_jpeg, a_frame()}),
                ElementsAre("frame 0", "corrupt 1", "corrupt 1", "corrupt 1", "corrupt 1", "frame 5"));
}

TEST(V4l2Camera, NeverReadsPastTheEndOfABuffer) {
    FakeV4l2 kernel{FakeCamera{}};
    auto camera = open(kernel);
    V4l2RecordingReceiver receiver;
    record(kernel, *camera, receiver, {short_frame(1'000'000)});
    ASSERT_THAT(receiver.frames(), SizeIs(1));
    EXPECT_EQ(receiver.frames()[0].bytes.size(), 4096U);
}

TEST(V4l2Camera, NamesTheUsbBusIfNoBandwidthIsLeft) {
    FakeV4l2 kernel{FakeCamera{}};
    auto camera = open(kernel);
    V4l2RecordingReceiver receiver;
    kernel.fail_next(VIDIOC_STREAMON, ENOSPC);
    const Status status = camera->start(receiver);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::device_unavailable);
    EXPECT_THAT(status.error().message, AllOf(HasSubstr("USB"), HasSubstr("MJPG"), HasSubstr("/dev/video0")));
    EXPECT_THAT(record(kernel, *camera, receiver, {a_frame()}), ElementsAre("frame 0"))
        << "a second attempt may succeed";
}

TEST(V4l2Camera, CanBeStartedAgainAndWarmsUpEachTime) {
    FakeV4l2 kernel{FakeCamera{}};
    auto camera = open(kernel, options(1));
    V4l2RecordingReceiver first, second;
    EXPECT_THAT(record(kernel, *camera, first, {a_frame(), a_frame()}), ElementsAre("frame 1"));
    EXPECT_THAT(record(kernel, *camera, second, {a_frame(), a_frame()}), ElementsAre("frame 1"));
}

TEST(V4l2Camera, ReopensALostCameraOnStart) {
    FakeV4l2 kernel{FakeCamera{}};
    auto camera = open(kernel);
    V4l2RecordingReceiver first, second;
    EXPECT_THAT(record(kernel, *camera, first, {a_frame(), unplugged(), silence(milliseconds(1))}),
                ElementsAre("frame 0", "lost", "drop 1"));
    EXPECT_FALSE(camera->start(second));
    kernel.play({plugged_after({}), a_frame()});
    kernel.poll(-1, -1, {});
    ASSERT_TRUE(camera->start(second));
    ASSERT_TRUE(kernel.wait_until_played());
    camera->stop();
    EXPECT_THAT(second.lines(), ElementsAre("frame 0"));
}

TEST(V4l2Camera, RefusesToStartTwice) {
    FakeV4l2 kernel{FakeCamera{}};
    auto camera = open(kernel);
    V4l2RecordingReceiver receiver;
    ASSERT_TRUE(camera->start(receiver));
    EXPECT_EQ(camera->start(receiver).error().code, ErrorCode::wrong_state);
    camera->stop();
    camera->stop();
    EXPECT_THAT(receiver.lines(), IsEmpty());
}

TEST(V4l2Camera, StopsWhileTheCameraIsDisconnected) {
    FakeV4l2 kernel{FakeCamera{}};
    auto camera = open(kernel);
    V4l2RecordingReceiver receiver;
    EXPECT_THAT(record(kernel, *camera, receiver, {a_frame(), unplugged(), silence(seconds(3))}),
                ElementsAre("frame 0", "lost", "drop 91"))
        << "3 s at 30 fps are missing";
    camera.reset();
    EXPECT_EQ(kernel.open_descriptors(), 0);
    EXPECT_EQ(kernel.mapped_buffers(), 0);
}

TEST(V4l2Camera, EndsDeliveryAndReportsWhenTheDriverHangs) {
    FakeV4l2 kernel{FakeCamera{}};
    auto camera = open(kernel, short_timeout());
    V4l2RecordingReceiver receiver, next;
    kernel.play_frames(3);
    kernel.hold(VIDIOC_DQBUF);
    ASSERT_TRUE(camera->start(receiver));
    ASSERT_TRUE(kernel.wait_until_held());
    camera->stop();
    camera->stop();
    EXPECT_EQ(camera->start(next).error().code, ErrorCode::wrong_state);
    kernel.release();
    camera.reset();
    wait_for_abandoned_threads();
    EXPECT_THAT(receiver.lines(), ElementsAre("note"));
    EXPECT_THAT(receiver.text_of(Kind::note), AllOf(HasSubstr("/dev/video0"), HasSubstr("did not return")));
    EXPECT_THAT(next.lines(), IsEmpty());
}

TEST(V4l2Camera, CanBeDestroyedWhileItsThreadHangsInTheDriver) {
    constexpr int kBuffers = 4;  // each is queued once at the start and again after a frame
    for (const auto hold : {+[](FakeV4l2& kernel) { kernel.hold(VIDIOC_DQBUF); },
                            +[](FakeV4l2& kernel) { kernel.hold(VIDIOC_QBUF, kBuffers); }}) {
        FakeV4l2 kernel{FakeCamera{}};
        auto camera = open(kernel, short_timeout());
        auto receiver = std::make_unique<V4l2RecordingReceiver>();
        kernel.play_frames(3);
        hold(kernel);
        ASSERT_TRUE(camera->start(*receiver));
        ASSERT_TRUE(kernel.wait_until_held());
        camera.reset();
        EXPECT_THAT(receiver->lines(), ElementsAre("note"));
        receiver.reset();
        EXPECT_TRUE(kernel.holds());
        EXPECT_EQ(BoundedCall::abandoned(), 1U);
        kernel.release();
        wait_for_abandoned_threads();
        EXPECT_EQ(kernel.open_descriptors(), 0);
        EXPECT_EQ(kernel.mapped_buffers(), 0);
    }
}

TEST(V4l2Camera, CanBeDestroyedWhileStoppingOrClosingHangs) {
    for (const auto hold :
         {+[](FakeV4l2& kernel) { kernel.hold(VIDIOC_STREAMOFF); }, +[](FakeV4l2& kernel) { kernel.hold_closing(); }}) {
        FakeV4l2 kernel{FakeCamera{}};
        auto camera = open(kernel, short_timeout());
        auto receiver = std::make_unique<V4l2RecordingReceiver>();
        kernel.play_frames(1);
        ASSERT_TRUE(camera->start(*receiver));
        ASSERT_TRUE(kernel.wait_until_played());
        hold(kernel);
        camera.reset();
        EXPECT_THAT(receiver->lines(), ElementsAre("frame 0", "note"));
        receiver.reset();
        EXPECT_TRUE(kernel.wait_until_held());
        kernel.release();
        wait_for_abandoned_threads();
        EXPECT_EQ(kernel.open_descriptors(), 0);
    }
}

TEST(V4l2Camera, CanBeDestroyedUnstartedWhileClosingHangs) {
    FakeV4l2 kernel{FakeCamera{}};
    auto camera = open(kernel, short_timeout());
    kernel.hold_closing();
    camera.reset();
    EXPECT_TRUE(kernel.wait_until_held());
    kernel.release();
    wait_for_abandoned_threads();
    EXPECT_EQ(kernel.open_descriptors(), 0);
}

TEST(V4l2Camera, ClosesTheDeviceOnStop) {
    FakeV4l2 kernel{FakeCamera{}};
    auto camera = open(kernel);
    V4l2RecordingReceiver receiver;
    record(kernel, *camera, receiver, {a_frame()});
    EXPECT_EQ(kernel.open_descriptors(), 0);
    EXPECT_EQ(kernel.mapped_buffers(), 0);
}

TEST(V4l2Camera, ClosesTheDeviceWhenDestroyedWithoutStop) {
    FakeV4l2 kernel{FakeCamera{}};
    V4l2RecordingReceiver receiver;
    auto camera = open(kernel);
    ASSERT_TRUE(camera->start(receiver));
    camera.reset();
    EXPECT_EQ(kernel.open_descriptors(), 0);
}

TEST(V4l2Camera, ReportsNoGrabTimeBeforeTheFirstFrameAndAFiniteOneAfter) {
    FakeV4l2 kernel{FakeCamera{}};
    auto camera = open(kernel);
    EXPECT_TRUE(std::isnan(camera->grab_ms_mean()));
    V4l2RecordingReceiver receiver;
    record(kernel, *camera, receiver, {a_frame(), a_frame()});
    EXPECT_EQ(camera->grab_ms_mean(), 0) << "the fake kernel's time advances only while polling";
}

}  // namespace
}  // namespace onetake
