#include "base/clock.h"
#include "reference_decoder.h"
#include "support/plain_frames.h"
#include "support/temp_dir.h"

#include <onetake/recorder.h>

#include <filesystem>
#include <gtest/gtest.h>

namespace onetake {
namespace {

namespace fs = std::filesystem;

TEST(Tracks, TwoCamerasAndTwoMicrophonesEachHaveTheirFolderAndTheirStream) {
    const TempDir dir;
    RecorderConfig config;
    config.video.front().source = SourceKind::external;
    config.audio.front().source = SourceKind::external;
    config.store.on_full = OnFull::block;
    config.video.front().fps = 20;
    config.video.push_back(config.video.front());
    config.audio.push_back(config.audio.front());
    config.video.back().label = "side";
    config.audio.back().label = "lapel";
    config.data_dir = dir.file("takes");
    config.processed_dir = dir.file("rendered");
    auto recorder = AVRecorder::create(config).value();
    ASSERT_TRUE(recorder.start("t"));
    const double t = to_seconds(host_now().time_since_epoch());
    // The second camera begins a quarter of a second later and has half the rate; so has the second microphone.
    constexpr double kLater = 0.25;
    for (int i = 0; i < 40; ++i) {
        ASSERT_TRUE(recorder.push_video(plain_bgr(320, 240, 200), 320, 240, t + i * 0.05, 0));
        ASSERT_TRUE(recorder.push_audio(std::vector<std::int16_t>(2400, 3000), t + i * 0.05, 0));
        if (i % 2 != 0) continue;
        ASSERT_TRUE(recorder.push_video(plain_bgr(160, 128, 60), 160, 128, t + kLater + i * 0.05, 1));
        ASSERT_TRUE(recorder.push_audio(std::vector<std::int16_t>(4800, -9000), t + kLater + i * 0.05, 1));
    }
    const auto result = recorder.stop().value();
    const auto& counters = result.metrics.counters;
    ASSERT_EQ(counters.size(), 4U);
    EXPECT_TRUE(result.metrics.balanced());

    const auto files = [&](const std::string& folder) {
        return std::distance(fs::directory_iterator(dir.file("takes/t/" + folder)), fs::directory_iterator());
    };
    EXPECT_EQ(files("frames"), 40);
    EXPECT_EQ(files("v2/frames"), 20);
    EXPECT_EQ(fs::file_size(dir.file("takes/t/audio.wav")) / 2 / 4800, 20U);
    EXPECT_EQ(fs::file_size(dir.file("takes/t/a2/audio.wav")) / 2 / 4800, 20U);

    const auto streams = reference::probe(result.mp4_path)["streams"];
    std::vector<std::string> kinds;
    for (const auto& stream : streams) kinds.push_back(stream["codec_type"]);
    std::ranges::sort(kinds);
    ASSERT_EQ(kinds, (std::vector<std::string>{"audio", "audio", "video", "video"}));

    const auto first = reference::frame_times(result.mp4_path, "v:0"),
               second = reference::frame_times(result.mp4_path, "v:1");
    ASSERT_EQ(first.size(), 40U);
    ASSERT_EQ(second.size(), 20U);
    EXPECT_NEAR(to_seconds(second.front() - first.front()), kLater, 12e-6);
    EXPECT_NEAR(to_seconds(second.back() - first.front()), kLater + 38 * 0.05, 12e-6);
    const auto level = [](const std::vector<std::string>& frames) {
        return static_cast<int>(static_cast<std::uint8_t>(frames.at(5).at(1000)));
    };
    EXPECT_NEAR(level(reference::frames(result.mp4_path, "yuvj420p", 320 * 240 * 3 / 2, "v:0")), 200, 3);
    EXPECT_NEAR(level(reference::frames(result.mp4_path, "yuvj420p", 160 * 128 * 3 / 2, "v:1")), 60, 3);
}

}  // namespace
}  // namespace onetake
