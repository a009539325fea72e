#include "reference_decoder.h"
#include "support/temp_dir.h"
#include "support/toy_model.h"

#include <onetake/recorder.h>

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <gtest/gtest.h>

namespace onetake {
namespace {

// The test source's flashes and beeps, through the model into the output file, measured by decoding it.
TEST(EnhancedRendering, IsInSyncMadeLiveAndMadeLater) {
    const TempDir dir;
    RecorderConfig config;
    config.video.front().source = SourceKind::test;
    config.audio.front().source = SourceKind::test;
    config.video.front().width = 320;
    config.video.front().height = 240;
    config.data_dir = dir.file("takes");
    config.processed_dir = dir.file("rendered");
    config.enhance.enabled = true;
    for (const int rate : {16000, 48000}) {
        config.enhance.model = toy_model(dir.file("toy.onnx"), fmt::format("--gain 0.9 --rate {}", rate));
        const auto name = fmt::format("at_{}", rate);
        auto recorder = AVRecorder::create(config).value();
        auto result = recorder.record(4, name);
        for (const char* how : {"live", "later"}) {
            ASSERT_TRUE(result) << result.error().message;
            EXPECT_EQ(result->metrics.denoise_out_sr, rate);
            const auto seen = reference::probe(result->mp4_path);
            EXPECT_EQ(seen["streams"][1]["sample_rate"], std::to_string(rate));
            const auto sync = reference::sync(result->mp4_path);
            reference::figure(fmt::format("worst of {} pairs, enhanced {} at {} Hz", sync.pairs, how, rate),
                              sync.worst_ms, "ms");
            EXPECT_GE(sync.pairs, 3U);
            EXPECT_LE(std::abs(sync.worst_ms), 1.0) << how << " at " << rate << " Hz";
            result = recorder.process(name);
        }
    }
}

// The loudest audio sample of a file.
float peak(const std::string& path) {
    float loudest = 0;
    for (const float v : reference::audio(path)) loudest = std::max(loudest, std::abs(v));
    return loudest;
}

TEST(EnhancedRendering, HasTheAudioThatWasAskedFor) {
    const TempDir dir;
    RecorderConfig config;
    config.video.front().source = SourceKind::test;
    config.audio.front().source = SourceKind::test;
    config.video.front().width = 320;
    config.video.front().height = 240;
    config.data_dir = dir.file("takes");
    config.processed_dir = dir.file("rendered");
    config.enhance.enabled = true;
    config.enhance.model = toy_model(dir.file("toy.onnx"), "--gain 0.1");
    for (const bool live : {true, false}) {
        config.enhance.live = live;
        auto recorder = AVRecorder::create(config).value();
        const auto name = live ? "live" : "later";
        auto result = recorder.record(2, name);
        ASSERT_TRUE(result) << result.error().message;
        const auto soft = peak(result->mp4_path);
        result = recorder.process(name, true, false);
        ASSERT_TRUE(result) << result.error().message;
        const auto loud = peak(result->mp4_path);
        EXPECT_NEAR(soft / loud, 0.1, 0.03) << name;
        auto without_model = config;
        without_model.enhance = {};
        result = AVRecorder::create(without_model).value().process(name);
        ASSERT_TRUE(result) << result.error().message;
        EXPECT_NEAR(peak(result->mp4_path) / loud, 0.1, 0.03) << name;
        result = recorder.record(2, std::string(name) + "-raw", true, false);
        ASSERT_TRUE(result) << result.error().message;
        EXPECT_NEAR(soft / peak(result->mp4_path), 0.1, 0.03) << name;
    }
}

}  // namespace
}  // namespace onetake
