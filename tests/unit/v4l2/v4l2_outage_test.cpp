#include "v4l2/v4l2_camera.h"
#include "v4l2_recorded.h"

#include <cerrno>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace onetake {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;
using Kind = SourceEvent::Kind;

TEST(V4l2Outage, ReportsAStallOnceAndReopensUntilFramesArrive) {
    FakeV4l2 kernel{FakeCamera{}};
    auto camera = open(kernel);
    V4l2RecordingReceiver receiver;
    EXPECT_THAT(record(kernel, *camera, receiver, {a_frame(), silence(seconds(20)), a_frame(), a_frame()}),
                ElementsAre("frame 0", "stall", "resumed 600", "frame 0", "frame 1"))
        << "20 s at 30 fps are missing";
    EXPECT_GT(kernel.opens(), 2);
    EXPECT_THAT(receiver.text_of(Kind::stall), AllOf(HasSubstr("/dev/video0"), HasSubstr("2.0 s")));
    EXPECT_THAT(receiver.text_of(Kind::resumed), HasSubstr("after 20."));
    EXPECT_GT(receiver.frames()[1].stamp.time - receiver.frames()[0].stamp.time, seconds(20));
}

TEST(V4l2Outage, DetectsAStallTwoSecondsAfterTheLastFrame) {
    FakeV4l2 kernel{FakeCamera{}};
    auto camera = open(kernel);
    V4l2RecordingReceiver receiver;
    record(kernel, *camera, receiver, {a_frame(), frozen(), a_frame()});
    ASSERT_THAT(receiver.events(), SizeIs(2));
    EXPECT_EQ(receiver.events()[0].time - receiver.frames()[0].stamp.arrival, seconds(2));
}

TEST(V4l2Outage, RestartsAFrozenCameraByReopeningIt) {
    EXPECT_THAT(record({a_frame(), frozen(), a_frame(), a_frame()}),
                ElementsAre("frame 0", "stall", "resumed 60", "frame 0", "frame 1"));
}

TEST(V4l2Outage, KeepsALoopbackOpenWhileItsWriterIsStopped) {
    FakeCamera fake;
    fake.driver = "v4l2 loopback";
    FakeV4l2 kernel(fake);
    auto camera = open(kernel);
    V4l2RecordingReceiver receiver;
    EXPECT_THAT(record(kernel, *camera, receiver, {a_frame(), a_frame(), silence(seconds(50)), a_frame(), a_frame()}),
                ElementsAre("frame 1", "stall", "resumed", "frame 2", "frame 3"));
    EXPECT_EQ(kernel.opens(), 1);
    EXPECT_THAT(record({a_frame(), a_frame(), frozen(), a_frame(), a_frame()}, fake),
                ElementsAre("frame 1", "stall", "resumed 1861", "frame 1"))
        << "but reopened after a minute";
}

TEST(V4l2Outage, IncreasesTheTimeoutForACameraThatStartsSlowly) {
    FakeStep slow = a_frame();
    slow.after = seconds(7);
    EXPECT_THAT(record({slow, a_frame()}), ElementsAre("stall", "resumed", "frame 0", "frame 1"));
}

TEST(V4l2Outage, DoesNotReportAGapShorterThanTheLimit) {
    EXPECT_THAT(record({a_frame(), silence(milliseconds(1900)), a_frame()}), ElementsAre("frame 0", "frame 1"));
}

TEST(V4l2Outage, ReportsADisconnectionAndTheReconnection) {
    FakeV4l2 kernel{FakeCamera{}};
    auto camera = open(kernel);
    V4l2RecordingReceiver receiver;
    EXPECT_THAT(record(kernel, *camera, receiver,
                       {a_frame(), a_frame(), unplugged(), plugged_after(seconds(5)), a_frame(), a_frame()}),
                ElementsAre("frame 0", "frame 1", "lost", "resumed 151", "frame 0", "frame 1"));
    EXPECT_THAT(receiver.text_of(Kind::device_lost), HasSubstr("disconnected"));
    EXPECT_EQ(kernel.open_descriptors(), 0);
    EXPECT_EQ(kernel.mapped_buffers(), 0);
}

TEST(V4l2Outage, RetriesAboutOnceASecond) {
    FakeV4l2 kernel{FakeCamera{}};
    auto camera = open(kernel);
    V4l2RecordingReceiver receiver;
    FakeCamera forbidden;
    forbidden.open_error = EACCES;
    kernel.change(0, forbidden);
    const int before = kernel.opens();
    EXPECT_THAT(record(kernel, *camera, receiver, {a_frame(), dequeue_error(ENODEV), silence(seconds(10))}),
                ElementsAre("frame 0", "lost", "drop 301"));
    EXPECT_NEAR(kernel.opens() - before, 11, 1);
}

TEST(V4l2Outage, FindsTheCameraByItsLinkIfItsNumberHasChanged) {
    FakeV4l2 kernel{FakeCamera{}};
    kernel.link("/dev/v4l/by-id/usb-Fake-index0", "/dev/video0");
    auto camera = open(kernel);
    V4l2RecordingReceiver receiver;
    EXPECT_THAT(record(kernel, *camera, receiver,
                       {a_frame(), unplugged(), plugged_after(seconds(2), "/dev/video5"), a_frame()}),
                ElementsAre("frame 0", "lost", "resumed 61", "frame 0"));
    EXPECT_THAT(receiver.text_of(Kind::resumed), HasSubstr("now as /dev/video5"));
}

TEST(V4l2Outage, WaitsForTheSameCameraAndTheSameFormat) {
    FakeCamera other;
    other.card = "Another Cam";
    FakeCamera smaller;
    smaller.formats = {{V4L2_PIX_FMT_MJPEG, {{640, 480, {{1, 30}}}}, {}, {}}};
    const std::pair<FakeCamera, const char*> mismatches[] = {{other, "another camera now (Another Cam"},
                                                             {smaller, "came back with 640x480 MJPG"}};
    for (const auto& [mismatch, why] : mismatches) {
        FakeV4l2 kernel{FakeCamera{}};
        auto camera = open(kernel);
        V4l2RecordingReceiver receiver;
        kernel.play({a_frame(), frozen(), a_frame()});
        kernel.change(0, mismatch);
        ASSERT_TRUE(camera->start(receiver));
        // It retries until the right one is connected.
        ASSERT_TRUE(kernel.wait_for_opens(5));
        kernel.change(0, {});
        ASSERT_TRUE(kernel.wait_until_played());
        camera->stop();
        EXPECT_THAT(receiver.lines(), ElementsAre("frame 0", "stall", "lost", StartsWith("resumed "), "frame 0"));
        EXPECT_THAT(receiver.text_of(Kind::device_lost), HasSubstr(why));
    }
}

TEST(V4l2Outage, ToleratesTransientErrorsAndReportsThemOnce) {
    EXPECT_THAT(record({a_frame(), dequeue_error(EIO), a_frame(), dequeue_error(EIO), a_frame()}),
                ElementsAre("frame 0", "note", "frame 1", "frame 2"));
}

TEST(V4l2Outage, ReopensADriverThatKeepsFailing) {
    std::vector<FakeStep> script = {a_frame()};
    script.insert(script.end(), 5, dequeue_error(EIO));
    script.push_back(a_frame());
    EXPECT_THAT(record(script), ElementsAre("frame 0", "note", "lost", "resumed 5", "frame 0"));
}

TEST(V4l2Outage, ReopensADriverThatStopsByItself) {
    EXPECT_THAT(record({a_frame(), stream_error(), a_frame()}), ElementsAre("frame 0", "lost", "resumed 1", "frame 0"));
}

TEST(V4l2Outage, KeepsTheFrameWhoseBufferCouldNotBeRequeued) {
    FakeV4l2 kernel{FakeCamera{}};
    auto camera = open(kernel);
    V4l2RecordingReceiver receiver;
    kernel.play({a_frame(), a_frame()});
    kernel.fail_after(VIDIOC_QBUF, 4, ENODEV);
    ASSERT_TRUE(camera->start(receiver));
    ASSERT_TRUE(kernel.wait_until_played());
    camera->stop();
    EXPECT_THAT(receiver.lines(), ElementsAre("frame 0", "lost", "resumed", "frame 0"));
}

}  // namespace
}  // namespace onetake
