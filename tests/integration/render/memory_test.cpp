#include "reference_decoder.h"
#include "support/temp_dir.h"

#include <onetake/recorder.h>

#include <cstdio>
#include <cstdlib>
#include <gtest/gtest.h>
#include <memory>
#include <sys/statvfs.h>
#include <unistd.h>
#include <vector>

namespace onetake {
namespace {

double resident_mb() {
    long total = 0, resident = 0;
    if (std::FILE* file = std::fopen("/proc/self/statm", "r")) {
        if (std::fscanf(file, "%ld %ld", &total, &resident) != 2) resident = 0;
        std::fclose(file);
    }
    return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1e6;
}

// A hundred thousand files are too many for a disk that others use, too: in memory, where there is room for them.
void keep_files_in_memory() {
    constexpr double kBytes = 1e9;
    constexpr unsigned long kFiles = 200'000;
    struct statvfs st {};
    if (::statvfs("/dev/shm", &st) == 0 &&
        static_cast<double>(st.f_bavail) * static_cast<double>(st.f_frsize) > kBytes && st.f_favail > kFiles &&
        ::access("/dev/shm", W_OK) == 0)
        ::setenv("TEST_TMPDIR", "/dev/shm", 0);
}

// In a program of its own: other tests leave their memory behind.
TEST(Memory, OfARecordingDoesNotGrowWithItsLength) {
    keep_files_in_memory();
    const TempDir dir;
    RecorderConfig config;
    config.video.front().source = SourceKind::external;
    config.audio.front().source = SourceKind::external;
    config.audio.clear();
    config.instant_mp4 = false;  // an MP4's index grows with it
    config.store.on_full = OnFull::block;
    config.data_dir = dir.file("takes");
    auto recorder = AVRecorder::create(config).value();
    ASSERT_TRUE(recorder.start("t"));
    constexpr int kWidth = 320, kHeight = 240;
    const auto pixels = std::make_shared<const std::vector<std::uint8_t>>(3 * kWidth * kHeight, std::uint8_t{90});
    double early = 0;
    for (int i = 1; i <= 100'000; ++i) {
        const auto pushed = recorder.push_video({kWidth, kHeight, 0, *pixels}, pixels);
        ASSERT_TRUE(pushed) << pushed.error().message;
        if (i == 10'000) early = resident_mb();
    }
    const double late = resident_mb();
    reference::figure("resident after 10,000 frames", early, "MB");
    reference::figure("resident after 100,000 frames", late, "MB");
    EXPECT_LE(late, early + 2);
    EXPECT_EQ(recorder.stop(false).value().metrics.frames, 100'000U);
}

}  // namespace
}  // namespace onetake
