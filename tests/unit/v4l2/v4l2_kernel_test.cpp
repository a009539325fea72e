#include "v4l2/v4l2_kernel.h"

#include "base/clock.h"
#include "base/unique_fd.h"

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/videodev2.h>
#include <stdlib.h>
#include <string>
#include <unistd.h>

namespace onetake {
namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;

struct Pipe {
    Pipe() {
        int ends[2];
        EXPECT_EQ(::pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
        reader = UniqueFd(ends[0]);
        writer = UniqueFd(ends[1]);
    }
    void write() const { EXPECT_EQ(::write(writer.get(), "x", 1), 1); }
    UniqueFd reader, writer;
};

class RealV4l2Kernel : public testing::Test {
 protected:
    RealV4l2Kernel() {
        std::string name = testing::TempDir() + "onetake_v4l2_XXXXXX";
        EXPECT_NE(::mkdtemp(name.data()), nullptr);
        folder_ = fs::canonical(name);
    }
    ~RealV4l2Kernel() override { fs::remove_all(folder_); }

    V4l2Kernel& kernel_ = real_v4l2_kernel();
    fs::path folder_;
};

TEST_F(RealV4l2Kernel, ReturnsTheErrnoOfAFailedOpen) {
    EXPECT_EQ(kernel_.open(folder_ / "video0"), -ENOENT);
}

TEST_F(RealV4l2Kernel, ReturnsTheErrnoOfAnUnsupportedCall) {
    const int fd = kernel_.open("/dev/null");
    ASSERT_GE(fd, 0);
    v4l2_capability capability{};
    EXPECT_EQ(kernel_.ioctl(fd, VIDIOC_QUERYCAP, &capability), ENOTTY);
    kernel_.close(fd);
}

TEST_F(RealV4l2Kernel, ReturnsWhatEndedAPoll) {
    Pipe device, wake;
    EXPECT_EQ(kernel_.poll(device.reader.get(), wake.reader.get(), {}), V4l2Wake::timeout);
    device.write();
    EXPECT_EQ(kernel_.poll(device.reader.get(), wake.reader.get(), seconds(60)), V4l2Wake::ready);
    wake.write();
    EXPECT_EQ(kernel_.poll(device.reader.get(), wake.reader.get(), seconds(60)), V4l2Wake::woken);
    EXPECT_EQ(kernel_.poll(-1, wake.reader.get(), seconds(60)), V4l2Wake::woken);
}

TEST_F(RealV4l2Kernel, ReportsAHangup) {
    Pipe device, wake;
    device.writer.reset();
    EXPECT_EQ(kernel_.poll(device.reader.get(), wake.reader.get(), seconds(60)), V4l2Wake::failed);
}

TEST_F(RealV4l2Kernel, MapsABufferOrReturnsNull) {
    const std::string path = folder_ / "buffer";
    std::ofstream(path) << "abcd";
    const int fd = kernel_.open(path);
    ASSERT_GE(fd, 0);
    void* address = kernel_.mmap(fd, 4, 0);
    ASSERT_NE(address, nullptr);
    EXPECT_EQ(static_cast<const char*>(address)[2], 'c');
    kernel_.munmap(address, 4);
    kernel_.close(fd);
    EXPECT_EQ(kernel_.mmap(-1, 4, 0), nullptr);
}

TEST_F(RealV4l2Kernel, FollowsLinksAndListsFolders) {
    std::ofstream(folder_ / "video7") << "";
    fs::create_symlink("video7", folder_ / "link");
    EXPECT_EQ(kernel_.resolve(folder_ / "link"), folder_ / "video7");
    EXPECT_EQ(kernel_.resolve(folder_ / "missing"), "");
    EXPECT_THAT(kernel_.names(folder_), testing::UnorderedElementsAre("video7", "link"));
    EXPECT_THAT(kernel_.names(folder_ / "missing"), testing::IsEmpty());
}

TEST_F(RealV4l2Kernel, ReportsThisProgramAsHolderOnlyIfItHasTheNodeOpenTwice) {
    const std::string path = folder_ / "video7";
    std::ofstream(path) << "";
    const int first = kernel_.open(path);
    EXPECT_EQ(kernel_.holder(path), "");
    const int second = kernel_.open(path);
    EXPECT_EQ(kernel_.holder(path), "this program itself");
    kernel_.close(first);
    kernel_.close(second);
}

TEST_F(RealV4l2Kernel, UsesTheClockOfAllStamps) {
    const HostTime before = host_now();
    const HostTime now = kernel_.now();
    EXPECT_LE(before, now);
    EXPECT_LE(now, host_now());
}

}  // namespace
}  // namespace onetake
