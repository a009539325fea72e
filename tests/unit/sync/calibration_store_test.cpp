#include "base/files.h"
#include "support/temp_dir.h"
#include "sync/calibration.h"

#include <cstdlib>
#include <fstream>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace onetake {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using ::testing::HasSubstr;

Calibration calibration(const std::string& camera, Duration offset) {
    Calibration c;
    c.key = {camera, "Mic", "MJPG", 1280, 720, 30};
    c.offset = offset;
    c.error = milliseconds(2);
    c.pairs = 16;
    c.measured = "2026-01-01T00:00:00.000000Z";
    return c;
}

TEST(CalibrationStore, KeepsAnOffsetForExactlyItsDevicesAndFormat) {
    const TempDir dir;
    const CalibrationStore store(dir.file("deep/er/calibration.json"));
    ASSERT_TRUE(store.put(calibration("cam", milliseconds(83))));
    const auto found = store.find(calibration("cam", {}).key).value();
    ASSERT_TRUE(found);
    EXPECT_EQ(found->offset, milliseconds(83));
    EXPECT_EQ(found->pairs, 16u);
    auto other = calibration("cam", {}).key;
    other.fps = 30.004;  // the same rate, rounded differently
    EXPECT_TRUE(store.find(other).value());
    for (const auto change : {0, 1, 2, 3, 4}) {
        other = calibration("cam", {}).key;
        if (change == 0) other.camera = "cam 2";
        if (change == 1) other.microphone = "Mic 2";
        if (change == 2) other.fourcc = "YUYV";
        if (change == 3) other.width = 640;
        if (change == 4) other.fps = 60;
        EXPECT_FALSE(store.find(other).value()) << change;
    }
}

TEST(CalibrationStore, ReplacesAnEarlierOffsetOfTheSameDevices) {
    const TempDir dir;
    const CalibrationStore store(dir.file("c.json"));
    ASSERT_TRUE(store.put(calibration("cam", milliseconds(83))));
    ASSERT_TRUE(store.put(calibration("cam 2", milliseconds(5))));
    ASSERT_TRUE(store.put(calibration("cam", milliseconds(-12))));
    EXPECT_EQ(store.load().value().size(), 2u);
    EXPECT_EQ(store.find(calibration("cam", {}).key).value()->offset, milliseconds(-12));
}

TEST(CalibrationStore, IsEmptyWithoutAFile) {
    const TempDir dir;
    EXPECT_TRUE(CalibrationStore(dir.file("none/c.json")).load().value().empty());
}

TEST(CalibrationStore, ReportsACorruptFileAndKeepsIt) {
    const TempDir dir;
    const CalibrationStore store(dir.file("c.json"));
    for (const auto* text : {"", "{", "[]", "{\"format\":1}", "{\"format\":1,\"offsets\":[{}]}", "{\"format\":\"x\"}",
                             "{\"format\":1,\"offsets\":[{\"camera\":\"c\",\"microphone\":\"m\",\"fourcc\":\"MJPG\","
                             "\"width\":1,\"height\":1,\"fps\":30,\"offset_ns\":99999999999999}]}",
                             "{\"format\":2e123}"}) {
        std::ofstream(store.path()) << text;
        const auto found = store.find(calibration("cam", {}).key);
        ASSERT_FALSE(found) << text;
        EXPECT_EQ(found.error().code, ErrorCode::corrupt);
        EXPECT_THAT(found.error().message, HasSubstr("c.json"));
        EXPECT_FALSE(store.put(calibration("cam", milliseconds(1))));
        EXPECT_EQ(read_file(store.path(), 1 << 20).value(), text);
    }
    std::ofstream(store.path()) << "{\"format\":2,\"offsets\":[]}";
    EXPECT_EQ(store.load().error().code, ErrorCode::unsupported);
}

TEST(CalibrationStore, LosesNothingWhenProcessesWriteConcurrently) {
    const TempDir dir;
    constexpr int kPrograms = 4, kEach = 10;
    std::vector<pid_t> children;
    for (int p = 0; p < kPrograms; ++p) {
        const auto child = ::fork();
        if (child == 0) {
            const CalibrationStore store(dir.file("c.json"));
            bool good = true;
            for (int i = 0; i < kEach; ++i)
                good = store.put(calibration("cam " + std::to_string(p * kEach + i), milliseconds(i))) && good;
            ::_exit(good ? 0 : 1);
        }
        children.push_back(child);
    }
    for (const auto child : children) {
        int status = 1;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        EXPECT_EQ(status, 0);
    }
    EXPECT_EQ(CalibrationStore(dir.file("c.json")).load().value().size(), std::size_t{kPrograms * kEach});
}

TEST(CalibrationStore, NamesTheFolderItCannotWrite) {
    const auto put = CalibrationStore("/proc/nowhere/c.json").put(calibration("cam", milliseconds(1)));
    ASSERT_FALSE(put);
    EXPECT_THAT(put.error().message, HasSubstr("/proc/nowhere"));
}

TEST(CalibrationKey, PrefersTheStableName) {
    VideoDescription camera;
    camera.name = "Webcam";
    EXPECT_EQ(calibration_key(camera, {}).camera, "Webcam");
    camera.stable_id = "/dev/v4l/by-id/usb-Webcam-1";
    EXPECT_EQ(calibration_key(camera, {}).camera, "/dev/v4l/by-id/usb-Webcam-1");
}

}  // namespace
}  // namespace onetake
