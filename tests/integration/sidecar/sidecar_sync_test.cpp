// SidecarAudio through the real libasound and PortAudio beside a video whose frames' instants are known; judged by
// decoding with the ffmpeg programs.

#include "base/clock.h"
#include "integration/render/reference_decoder.h"
#include "support/temp_dir.h"
#include "support/test_microphones.h"

#include <onetake/sidecar.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace onetake {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

const std::vector<TestMicrophones::Microphone> kBeeping{{"mic", "beep 1 freq 1000 ppm 200"}};

SidecarConfig config_in(const TempDir& dir, std::string feed = "cam") {
    SidecarConfig config;
    config.feed = std::move(feed);
    config.data_dir = dir.file("takes");
    return config;
}

// Records until `seconds` of audio are there. Begins between two beeps: one that is cut off seems to begin late. So
// does one within a reported loss, as when the machine stood still: then once more.
SidecarStart record(SidecarAudio& sidecar, double seconds) {
    SystemClock clock;
    for (int tries = 1;; ++tries) {
        const auto now = to_seconds(host_now().time_since_epoch());
        clock.wait_until(HostTime(duration_from_seconds(std::ceil(now - 0.3) + 0.3)));
        const auto start = sidecar.start();
        EXPECT_TRUE(start) << start.error().message;
        if (!start) return {};
        clock.wait_until(HostTime(duration_from_seconds(start->audio_start + seconds)));
        const auto take = sidecar.stop();
        EXPECT_TRUE(take) << take.error().message;
        if (!take) return {};
        if (take->metrics.gaps == 0 || tries == 3) return *start;
        fmt::print("Recording again: {:.3f} s of audio lost\n", take->metrics.gap_s);
    }
}

// Another program's video: white in the frames that were captured within 0.1 s after a full second. Frame n was
// captured at start + n / true_fps, and is labelled n / label_fps.
void make_video(const std::string& path, double start, int frames, double true_fps, double label_fps,
                const std::string& codec) {
    const auto command = fmt::format(
        "ffmpeg -nostdin -v error -y -f lavfi -i "
        "\"color=black:s=96x64:r={0}:d=60,drawbox=c=white:t=fill:enable='lt(mod(n/{1}"
        "+{2:.6f},1),0.1)'\" -frames:v {3} {4} '{5}'",
        label_fps, true_fps, start - std::floor(start) + 1e-4, frames, codec, path);
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
}

void check_sync(const std::string& path, const std::string& what, std::size_t least_pairs) {
    const auto sync = reference::sync(path);
    reference::figure(fmt::format("{}: worst of {} pairs", what, sync.pairs), sync.worst_ms, "ms");
    EXPECT_GE(sync.pairs, least_pairs) << what;
    EXPECT_LE(std::abs(sync.worst_ms), 1.0) << what;
}

class Sidecar : public ::testing::Test {
 protected:
    // One each process: PortAudio reads the configuration once.
    static void SetUpTestSuite() { microphones_ = new TestMicrophones(kBeeping); }
    static void TearDownTestSuite() { delete std::exchange(microphones_, nullptr); }

    TempDir dir_;
    static inline TestMicrophones* microphones_ = nullptr;
};

TEST_F(Sidecar, IsInSyncInThreeRunsAndBothSignsOfDelta) {
    constexpr double kFps = 25;
    constexpr int kFrames = 150;
    struct Video {
        const char *name, *codec;
    };
    const std::vector<std::pair<Video, Video>> runs{
        {{"later.mp4", "-c:v libx264 -bf 2"}, {"earlier.mp4", "-c:v libx264 -bf 2"}},
        {{"later.mkv", "-c:v libx264 -bf 2"}, {"earlier.mkv", "-c:v mpeg4"}},
        {{"later.avi", "-c:v mjpeg"}, {"earlier.mov", "-c:v mpeg4"}}};
    for (const auto& [later, earlier] : runs) {
        auto sidecar = SidecarAudio::create(config_in(dir_)).value();
        const auto start = record(sidecar, 7);
        // The video's frames lie on a grid with the full seconds.
        const double grid = std::floor(start.audio_start * kFps) / kFps;
        for (const double begin : {grid - 0.48, grid + 0.72}) {
            const bool delays = begin < start.audio_start;
            const auto& video = delays ? later : earlier;
            const auto path = dir_.file(video.name);
            make_video(path, begin, kFrames, kFps, kFps, video.codec);
            auto options = SidecarAudio::in_place();
            options.delete_audio = !delays;  // the second one is the last that needs it
            const auto result = sidecar.mux(path, begin, options);
            ASSERT_TRUE(result) << result.error().message;
            EXPECT_EQ(result->delta_s > 0, delays);
            EXPECT_EQ(result->video_frames, std::uint64_t{kFrames});
            check_sync(path, fmt::format("{}, delta {:+.4f} s", video.name, result->delta_s), 4);
        }
        EXPECT_FALSE(fs::exists(start.take));
        EXPECT_FALSE(fs::exists(start.wav_path));
    }
}

TEST_F(Sidecar, Keeps6SecondsOfALoopOf24FpsLabelled30) {
    auto sidecar = SidecarAudio::create(config_in(dir_)).value();
    const auto start = record(sidecar, 7.5);
    const double begin = std::ceil(start.audio_start) - 0.25;
    std::ofstream stamps(dir_.file("stamps.txt"));
    for (int n = 0; n < 144; ++n) stamps << fmt::format("{:.9f}\n", begin + n / 24.0);
    stamps.close();
    for (const auto* name : {"loop.mp4", "loop.mkv"}) {
        const auto path = dir_.file(name);
        make_video(path, begin, 144, 24, 30, "-c:v libx264 -bf 2");
        MuxOptions options;
        options.video_timestamps = dir_.file("stamps.txt");
        const auto result = mux_audio(path, start.take, options);
        ASSERT_TRUE(result) << result.error().message;
        EXPECT_NEAR(result->video_s, 6, 1e-4);
        const auto times = reference::frame_times(path);
        ASSERT_EQ(times.size(), 144u);
        EXPECT_NEAR(to_seconds(times.back()), 143 / 24.0, 0.00051);
        EXPECT_GE(reference::audio(path).size(), 6u * 48000);
        check_sync(path, fmt::format("{} of 24 fps labelled 30", name), 5);
    }
}

TEST_F(Sidecar, ReportsItsStartAndNamesItsFiles) {
    auto sidecar = SidecarAudio::create(config_in(dir_, "cam 1")).value();
    EXPECT_EQ(sidecar.stop().error().code, ErrorCode::wrong_state);
    EXPECT_EQ(sidecar.mux("v.mp4", 1).error().code, ErrorCode::wrong_state);
    EXPECT_EQ(sidecar.mux_command(), "");
    const auto before = read_clocks();
    const auto start = sidecar.start();
    ASSERT_TRUE(start) << start.error().message;
    const auto after = read_clocks();
    EXPECT_GT(start->audio_start, to_seconds(before.host.time_since_epoch()));
    EXPECT_LT(start->audio_start, to_seconds(after.host.time_since_epoch()));
    EXPECT_GT(start->audio_start_unix, to_seconds(before.wall.time_since_epoch()));
    EXPECT_LT(start->audio_start_unix, to_seconds(after.wall.time_since_epoch()));
    EXPECT_THAT(start->wav_path, ::testing::MatchesRegex(".*/takes/cam 1_aud_[0-9A-HJKMNP-TV-Z]{26}[.]wav"));
    EXPECT_GT(fs::file_size(start->wav_path), 44u);
    EXPECT_TRUE(sidecar.is_recording());
    EXPECT_EQ(sidecar.start().error().code, ErrorCode::wrong_state);
    EXPECT_EQ(sidecar.mux("v.mp4", 1).error().code, ErrorCode::wrong_state);
    EXPECT_EQ(mux_audio("v.mp4", start->take, {}).error().code, ErrorCode::not_found);
    const auto take = sidecar.stop();
    ASSERT_TRUE(take) << take.error().message;
    EXPECT_GT(take->metrics.audio_samples, 0u);
    EXPECT_EQ(take->metrics.audio_xruns, 0u);
    EXPECT_THAT(sidecar.mux_command(), HasSubstr(start->take));
    // Without a video the WAV is kept.
    EXPECT_TRUE(fs::exists(start->wav_path));
    EXPECT_NE(SidecarAudio::create(config_in(dir_, "a/b")).error().message, "");
}

}  // namespace
}  // namespace onetake
