#include "fake_v4l2.h"
#include "v4l2/video_devices.h"

#include <cerrno>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace onetake {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

FakeCamera camera(const std::string& path, const std::string& card) {
    FakeCamera c;
    c.path = path;
    c.card = card;
    return c;
}

std::vector<std::string> summary(FakeV4l2& kernel) {
    std::vector<std::string> lines;
    for (const auto& info : list_video_devices(kernel)) lines.push_back(info.path + " " + info.name);
    return lines;
}

TEST(VideoDevices, ListsCamerasByNumberWithoutNodesThatCannotCapture) {
    FakeV4l2 kernel(camera("/dev/video10", "Ten"));
    kernel.add(camera("/dev/video2", "Two"));
    FakeCamera metadata = camera("/dev/video3", "Two");
    metadata.capabilities = V4L2_CAP_META_CAPTURE | V4L2_CAP_STREAMING;
    kernel.add(metadata);
    FakeCamera output = camera("/dev/video4", "Loopback");
    output.capabilities = V4L2_CAP_VIDEO_OUTPUT | V4L2_CAP_STREAMING;
    kernel.add(output);
    kernel.add(camera("/dev/radio0", "Not a camera"));
    EXPECT_THAT(summary(kernel), ElementsAre("/dev/video2 Two", "/dev/video10 Ten"));
    EXPECT_EQ(kernel.open_descriptors(), 0);
}

TEST(VideoDevices, ListsModesWithTheirRatesHighestFirst) {
    FakeV4l2 kernel{FakeCamera{}};
    const auto cameras = list_video_devices(kernel);
    ASSERT_EQ(cameras.size(), 1U);
    const VideoDeviceInfo& info = cameras[0];
    EXPECT_EQ(info.index, 0);
    EXPECT_EQ(info.driver, "uvcvideo");
    EXPECT_EQ(info.problem, "");
    ASSERT_EQ(info.modes.size(), 4U);
    EXPECT_EQ(info.modes[0].fourcc, "MJPG");
    EXPECT_EQ(info.modes[0].width, 1280);
    EXPECT_EQ(info.modes[0].height, 720);
    EXPECT_THAT(info.modes[0].fps, ElementsAre(30, 15));
    EXPECT_EQ(info.modes[2].fourcc, "YUYV");
}

TEST(VideoDevices, ListsCommonSizesOfACameraWithRanges) {
    FakeCamera any = camera("/dev/video0", "Any");
    FakeFormat format;
    format.fourcc = V4L2_PIX_FMT_NV12;
    format.any_size = v4l2_frmsize_stepwise{48, 1920, 8, 32, 1080, 8};
    format.any_interval = v4l2_frmival_stepwise{{1, 60}, {1, 1}, {1, 1}};
    any.formats = {format};
    FakeV4l2 kernel(any);
    const auto cameras = list_video_devices(kernel);
    ASSERT_EQ(cameras.size(), 1U);
    std::vector<std::pair<int, int>> sizes;
    for (const VideoMode& mode : cameras[0].modes) {
        sizes.emplace_back(mode.width, mode.height);
        EXPECT_THAT(mode.fps, ElementsAre(60, 1));
    }
    EXPECT_THAT(sizes, ElementsAre(std::pair(48, 32), std::pair(320, 240), std::pair(640, 480), std::pair(800, 600),
                                   std::pair(1280, 720), std::pair(1920, 1080)));
}

TEST(VideoDevices, PrefersTheLinkByIdThenByPath) {
    FakeV4l2 kernel(camera("/dev/video0", "Zero"));
    kernel.add(camera("/dev/video1", "One"));
    kernel.add(camera("/dev/video2", "Two"));
    kernel.link("/dev/v4l/by-path/pci-0-index0", "/dev/video0");
    kernel.link("/dev/v4l/by-id/usb-Zero-index0", "/dev/video0");
    kernel.link("/dev/v4l/by-path/pci-1-index0", "/dev/video1");
    std::vector<std::string> ids;
    for (const auto& info : list_video_devices(kernel)) ids.push_back(info.stable_id);
    EXPECT_THAT(ids, ElementsAre("/dev/v4l/by-id/usb-Zero-index0", "/dev/v4l/by-path/pci-1-index0", ""));
}

TEST(VideoDevices, ReportsWhyACameraCannotBeUsed) {
    FakeCamera forbidden = camera("/dev/video0", "Forbidden");
    forbidden.open_error = EACCES;
    FakeV4l2 kernel(forbidden);
    kernel.add(camera("/dev/video1", "Busy"));
    kernel.set_holder("cheese (pid 712)");
    const int other = kernel.open("/dev/video1");
    v4l2_requestbuffers request{};
    request.count = 2;
    ASSERT_EQ(kernel.ioctl(other, VIDIOC_REQBUFS, &request), 0);
    const auto cameras = list_video_devices(kernel);
    ASSERT_EQ(cameras.size(), 2U);
    EXPECT_THAT(cameras[0].problem, HasSubstr("group video"));
    EXPECT_THAT(cameras[1].problem, HasSubstr("cheese (pid 712)"));
}

TEST(VideoDevices, SkipsANodeThatIsNotAVideoDevice) {
    FakeV4l2 kernel{FakeCamera{}};
    kernel.fail_next(VIDIOC_QUERYCAP, ENOTTY);
    EXPECT_THAT(list_video_devices(kernel), IsEmpty());
}

TEST(VideoDevices, FindsACameraByIndexNodeOrLink) {
    FakeV4l2 kernel(camera("/dev/video2", "Cam"));
    kernel.link("/dev/v4l/by-id/usb-Cam-index0", "/dev/video2");
    kernel.link("/dev/v4l/by-path/pci-9-index0", "/dev/video2");
    for (const char* name : {"2", "/dev/video2", "/dev/v4l/by-id/usb-Cam-index0"}) {
        const auto node = find_video_node(kernel, name);
        ASSERT_TRUE(node) << name;
        EXPECT_EQ(node->path, "/dev/video2");
        EXPECT_EQ(node->stable_id, "/dev/v4l/by-id/usb-Cam-index0");
    }
}

TEST(VideoDevices, KeepsTheRequestedLink) {
    FakeV4l2 kernel(camera("/dev/video2", "Cam"));
    kernel.link("/dev/v4l/by-id/usb-Cam-index0", "/dev/video2");
    kernel.link("/dev/v4l/by-path/pci-9-index0", "/dev/video2");
    EXPECT_EQ(find_video_node(kernel, "/dev/v4l/by-path/pci-9-index0")->stable_id, "/dev/v4l/by-path/pci-9-index0");
}

TEST(VideoDevices, ListsTheExistingCamerasIfOneIsMissing) {
    FakeV4l2 kernel(camera("/dev/video2", "Desk Cam"));
    const auto node = find_video_node(kernel, "0");
    ASSERT_FALSE(node);
    EXPECT_EQ(node.error().code, ErrorCode::not_found);
    EXPECT_THAT(node.error().message, AllOf(HasSubstr("/dev/video0"), HasSubstr("/dev/video2 (Desk Cam)")));
}

TEST(VideoDevices, ReportsThatNoCameraIsConnected) {
    FakeV4l2 kernel;
    EXPECT_THAT(find_video_node(kernel, "0").error().message, HasSubstr("No camera is connected"));
}

TEST(VideoDevices, RejectsInvalidDeviceNames) {
    FakeV4l2 kernel;
    for (const char* name : {"", "cam", "-1", "1x"})
        EXPECT_EQ(find_video_node(kernel, name).error().code, ErrorCode::invalid_argument) << name;
}

}  // namespace
}  // namespace onetake
