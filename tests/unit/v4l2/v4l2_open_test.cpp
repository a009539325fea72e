#include "fake_v4l2.h"
#include "v4l2/v4l2_camera.h"

#include <cerrno>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace onetake {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;

V4l2CameraOptions request(const std::string& fourcc, int width = 1280, int height = 720, double fps = 30) {
    V4l2CameraOptions options;
    options.fourcc = fourcc;
    options.width = width;
    options.height = height;
    options.fps = fps;
    return options;
}

Error error_of(FakeV4l2& kernel, const V4l2CameraOptions& options = {}) {
    const auto camera = V4l2Camera::open(options, kernel);
    EXPECT_FALSE(camera);
    EXPECT_EQ(kernel.open_descriptors(), 0);
    EXPECT_EQ(kernel.mapped_buffers(), 0);
    return camera ? Error{} : camera.error();
}

TEST(V4l2Open, ReportsWhatTheCameraGranted) {
    FakeCamera fake;
    fake.controls = {{V4L2_CID_EXPOSURE_AUTO_PRIORITY, "Exposure, Dynamic Framerate", 0, 1, 1}};
    FakeV4l2 kernel(fake);
    kernel.link("/dev/v4l/by-id/usb-Fake-index0", "/dev/video0");
    V4l2CameraOptions options;
    options.controls = {"exposure_dynamic_framerate=0"};
    const auto camera = V4l2Camera::open(options, kernel);
    ASSERT_TRUE(camera) << camera.error().message;
    const VideoDescription& d = (*camera)->description();
    EXPECT_EQ(d.device, "/dev/video0");
    EXPECT_EQ(d.stable_id, "/dev/v4l/by-id/usb-Fake-index0");
    EXPECT_EQ(d.name, "Fake Cam");
    EXPECT_EQ(d.driver, "uvcvideo");
    EXPECT_EQ(d.width, 1280);
    EXPECT_EQ(d.height, 720);
    EXPECT_EQ(d.fps, 30);
    EXPECT_EQ(d.fourcc, "MJPG");
    EXPECT_EQ(d.color, (ColorInfo{ColorRange::full, ColorMatrix::bt601}));
    EXPECT_EQ(d.buffers, 4);
    EXPECT_THAT(d.controls, ElementsAre(Pair("exposure_dynamic_framerate", "0")));
    EXPECT_THAT(d.notes, IsEmpty());
}

TEST(V4l2Open, ReportsDifferencesBetweenRequestedAndGranted) {
    FakeCamera fake;
    fake.formats = {{V4L2_PIX_FMT_MJPEG, {{640, 480, {{1, 25}}}}, {}, {}}};
    FakeV4l2 kernel(fake);
    const auto camera = V4l2Camera::open(request("MJPG"), kernel);
    ASSERT_TRUE(camera);
    EXPECT_EQ((*camera)->description().width, 640);
    EXPECT_EQ((*camera)->description().fps, 25);
    EXPECT_THAT((*camera)->description().notes, ElementsAre("asked for 1280x720 at 30 fps, got 640x480 at 25 fps"));
}

TEST(V4l2Open, IgnoresRoundingOfTheRateTo100Nanoseconds) {
    FakeCamera fake;
    fake.formats = {{V4L2_PIX_FMT_MJPEG, {{1280, 720, {{333333, 10000000}}}}, {}, {}}};
    FakeV4l2 kernel(fake);
    const auto camera = V4l2Camera::open(request("MJPG"), kernel);
    ASSERT_TRUE(camera);
    EXPECT_THAT((*camera)->description().notes, IsEmpty());
}

TEST(V4l2Open, ReportsAnUnknownRate) {
    FakeCamera fake;
    fake.reports_rate = false;
    FakeV4l2 kernel(fake);
    const auto camera = V4l2Camera::open({}, kernel);
    ASSERT_TRUE(camera);
    EXPECT_EQ((*camera)->description().fps, 0);
    EXPECT_THAT((*camera)->description().notes, ElementsAre(HasSubstr("an unknown rate")));
}

TEST(V4l2Open, ListsTheOfferedFormatsIfTheRequestedOneIsMissing) {
    FakeV4l2 kernel{FakeCamera{}};
    const Error error = error_of(kernel, request("NV12"));
    EXPECT_EQ(error.code, ErrorCode::unsupported);
    EXPECT_THAT(error.message, AllOf(HasSubstr("/dev/video0 has no NV12"), HasSubstr("MJPG, YUYV")));
}

TEST(V4l2Open, RejectsAFormatThatCannotBeRecorded) {
    FakeV4l2 kernel{FakeCamera{}};
    const Error error = error_of(kernel, request("H264"));
    EXPECT_EQ(error.code, ErrorCode::unsupported);
    EXPECT_THAT(error.message, AllOf(HasSubstr("H264"), HasSubstr("GREY"), HasSubstr("offers MJPG, YUYV")));
}

TEST(V4l2Open, ListsUsableFormatsFirst) {
    FakeCamera fake;
    fake.formats.push_back({V4L2_PIX_FMT_H264, {}, {}, {}});
    FakeV4l2 few(fake);
    EXPECT_THAT(error_of(few, request("NV12")).message, HasSubstr("MJPG, YUYV (and H264, which cannot be recorded)"));
    fake.formats.insert(fake.formats.end(), 20, {V4L2_PIX_FMT_UYVY, {}, {}, {}});
    FakeV4l2 many(fake);
    EXPECT_THAT(error_of(many, request("NV12")).message, HasSubstr("MJPG, YUYV (and 21 more"));
    fake.formats = {{V4L2_PIX_FMT_H264, {}, {}, {}}};
    FakeV4l2 none(fake);
    EXPECT_THAT(error_of(none, request("NV12")).message, HasSubstr("only H264"));
}

TEST(V4l2Open, TreatsJpegAndMjpgAsTheSame) {
    FakeCamera fake;
    fake.formats = {{V4L2_PIX_FMT_JPEG, {{1280, 720, {{1, 30}}}}, {}, {}}};
    FakeV4l2 kernel(fake);
    const auto camera = V4l2Camera::open(request("MJPG"), kernel);
    ASSERT_TRUE(camera);
    EXPECT_EQ((*camera)->description().fourcc, "JPEG");
}

TEST(V4l2Open, KeepsColoursOfRawFormats) {
    FakeCamera fake;
    fake.colorspace = V4L2_COLORSPACE_REC709;
    FakeV4l2 kernel(fake);
    const auto camera = V4l2Camera::open(request("YUYV", 640, 480, 25), kernel);
    ASSERT_TRUE(camera);
    EXPECT_EQ((*camera)->description().color, (ColorInfo{ColorRange::limited, ColorMatrix::bt709}));
}

TEST(V4l2Open, ReportsInterlacedFramesAndRejectsSingleFields) {
    FakeCamera fake;
    fake.field = V4L2_FIELD_INTERLACED;
    FakeV4l2 kernel(fake);
    const auto camera = V4l2Camera::open({}, kernel);
    ASSERT_TRUE(camera);
    EXPECT_THAT((*camera)->description().notes, ElementsAre(HasSubstr("interlaced")));
    fake.field = V4L2_FIELD_ALTERNATE;
    FakeV4l2 fields(fake);
    EXPECT_EQ(error_of(fields).code, ErrorCode::unsupported);
}

TEST(V4l2Open, RequestsTheConfiguredBuffersAndWarnsOfASingleOne) {
    FakeCamera fake;
    fake.min_buffers = 1;
    FakeV4l2 kernel(fake);
    V4l2CameraOptions options;
    options.buffersize = 1;
    const auto camera = V4l2Camera::open(options, kernel);
    ASSERT_TRUE(camera);
    EXPECT_EQ((*camera)->description().buffers, 1);
    EXPECT_THAT((*camera)->description().notes, ElementsAre(HasSubstr("halves the frame rate")));
}

TEST(V4l2Open, ReportsThatTheDriverGrantedAnotherNumberOfBuffers) {
    FakeCamera fake;
    fake.max_buffers = 2;
    FakeV4l2 kernel(fake);
    const auto camera = V4l2Camera::open({}, kernel);
    ASSERT_TRUE(camera);
    EXPECT_EQ((*camera)->description().buffers, 2);
    EXPECT_EQ(kernel.mapped_buffers(), 2);
    EXPECT_THAT((*camera)->description().notes, ElementsAre("asked for 4 V4L2 buffers, the driver granted 2"));
}

TEST(V4l2Open, NamesTheProgramThatUsesABusyCamera) {
    FakeV4l2 kernel{FakeCamera{}};
    kernel.set_holder("cheese (pid 712)");
    kernel.fail_next(VIDIOC_S_FMT, EBUSY);
    const Error error = error_of(kernel);
    EXPECT_EQ(error.code, ErrorCode::device_busy);
    EXPECT_THAT(error.message, AllOf(HasSubstr("/dev/video0"), HasSubstr("cheese (pid 712)")));
}

TEST(V4l2Open, ReportsABusyCameraOfAnUnknownProgram) {
    FakeV4l2 kernel{FakeCamera{}};
    kernel.fail_next(VIDIOC_REQBUFS, EBUSY);
    EXPECT_THAT(error_of(kernel).message, HasSubstr("another program"));
}

TEST(V4l2Open, PointsToTheGroupVideoIfPermissionIsDenied) {
    FakeCamera fake;
    fake.open_error = EACCES;
    FakeV4l2 kernel(fake);
    const Error error = error_of(kernel);
    EXPECT_EQ(error.code, ErrorCode::device_unavailable);
    EXPECT_THAT(error.message, AllOf(HasSubstr("/dev/video0"), HasSubstr("group video")));
}

TEST(V4l2Open, RejectsNodesThatCannotCaptureWithTheReason) {
    const std::pair<std::uint32_t, const char*> kinds[] = {
        {V4L2_CAP_META_CAPTURE | V4L2_CAP_STREAMING, "metadata"},
        {V4L2_CAP_VIDEO_CAPTURE_MPLANE | V4L2_CAP_STREAMING, "multi-planar"},
        {V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_READWRITE, "cannot stream"},
        {V4L2_CAP_VIDEO_OUTPUT | V4L2_CAP_STREAMING, "start the program that feeds it"},
        {V4L2_CAP_VIDEO_M2M, "does not capture"}};
    for (const auto& [capabilities, text] : kinds) {
        FakeCamera fake;
        fake.capabilities = capabilities;
        FakeV4l2 kernel(fake);
        const Error error = error_of(kernel);
        EXPECT_EQ(error.code, ErrorCode::unsupported);
        EXPECT_THAT(error.message, AllOf(HasSubstr("/dev/video0"), HasSubstr(text)));
    }
}

TEST(V4l2Open, ReleasesEverythingIfAnyCallFails) {
    for (const unsigned long request : {VIDIOC_QUERYCAP, VIDIOC_S_FMT, VIDIOC_REQBUFS, VIDIOC_QUERYBUF})
        for (const int error_number : {EIO, ENODEV, ENOMEM, EINVAL, ENOTTY}) {
            FakeV4l2 kernel{FakeCamera{}};
            kernel.fail_next(request, error_number);
            EXPECT_THAT(error_of(kernel).message, HasSubstr("/dev/video0"));
        }
}

TEST(V4l2Open, ReportsThatNoBuffersWereGranted) {
    FakeCamera fake;
    fake.min_buffers = fake.max_buffers = 0;
    FakeV4l2 kernel(fake);
    EXPECT_THAT(error_of(kernel).message, HasSubstr("no memory"));
}

TEST(V4l2Open, RejectsOptionsOutOfRange) {
    FakeV4l2 kernel{FakeCamera{}};
    auto refused = [&](auto change) {
        V4l2CameraOptions options;
        change(options);
        return error_of(kernel, options).code == ErrorCode::invalid_argument;
    };
    EXPECT_TRUE(refused([](auto& o) { o.width = 0; }));
    EXPECT_TRUE(refused([](auto& o) { o.height = -1; }));
    EXPECT_TRUE(refused([](auto& o) { o.fps = 0; }));
    EXPECT_TRUE(refused([](auto& o) { o.fps = NAN; }));
    EXPECT_TRUE(refused([](auto& o) { o.buffersize = 0; }));
    EXPECT_TRUE(refused([](auto& o) { o.warmup = -1; }));
    EXPECT_TRUE(refused([](auto& o) { o.controls = {"nonsense"}; }));
    EXPECT_TRUE(refused([](auto& o) { o.device = "webcam"; }));
}

TEST(V4l2Open, ReleasesEverythingWhenDestroyed) {
    FakeV4l2 kernel{FakeCamera{}};
    { EXPECT_TRUE(V4l2Camera::open({}, kernel)); }
    EXPECT_EQ(kernel.open_descriptors(), 0);
    EXPECT_EQ(kernel.mapped_buffers(), 0);
}

}  // namespace
}  // namespace onetake
