// Takes that were damaged after they were stored: what is left is rendered, what is missing is reported.

#include "reference_decoder.h"
#include "support/plain_frames.h"
#include "support/temp_dir.h"
#include "take/wav.h"

#include <onetake/recorder.h>
#include <onetake/take.h>

#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace onetake {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr int kFrames = 30, kWidth = 160, kHeight = 96, kRate = 16000;

class Damage : public ::testing::Test {
 protected:
    void SetUp() override {
        config_.data_dir = dir_.file("takes");
        config_.processed_dir = dir_.file("rendered");
        config_.encode.preset = "ultrafast";
    }
    // Thirty frames of 10 a second and as much audio.
    void make(bool audio, const std::string& last_time = "102.9") {
        fs::create_directories(dir_.file("in"));
        std::string times;
        for (int i = 0; i < kFrames; ++i) {
            std::ofstream(dir_.file(fmt::format("in/{:03}.jpg", i)), std::ios::binary)
                << plain_jpeg(kWidth, kHeight, static_cast<std::uint8_t>(8 * i));
            times += (i + 1 < kFrames ? fmt::format("{:.1f}", 100 + i * 0.1) : last_time) + "\n";
        }
        std::ofstream(dir_.file("times")) << times;
        ImportOptions import;
        import.name = "t";
        import.frames_dir = dir_.file("in");
        import.frame_times_path = dir_.file("times");
        import.data_dir = config_.data_dir;
        if (audio) {
            auto wav = WavWriter::create(AT_FDCWD, dir_.file("in.wav"), kRate, 1).value();
            ASSERT_TRUE(wav.write(std::vector<std::int16_t>(3 * kRate, 5000)));
            ASSERT_TRUE(wav.refresh_header());
            std::ofstream(dir_.file("clock")) << "0 100\n";
            import.audio_path = dir_.file("in.wav");
            import.audio_times_path = dir_.file("clock");
        }
        const auto imported = import_take(import);
        ASSERT_TRUE(imported) << imported.error().message;
    }
    std::string frame(int n) const { return dir_.file(fmt::format("takes/t/frames/f_{:06}.jpg", n)); }
    Result<TakeResult> process() { return AVRecorder::create(config_)->process("t"); }
    static const TrackCounters& counters(const TakeResult& result, const std::string& track) {
        return *std::ranges::find(result.metrics.counters, track, &TrackCounters::track);
    }
    static std::string notes(const TakeResult& result) {
        std::string all;
        for (const auto& note : result.metrics.notes) all += note + "\n";
        return all;
    }

    const TempDir dir_;
    RecorderConfig config_;
};

TEST_F(Damage, AtItsBeginningCostsNoMoreThanWhatIsGone) {
    make(true);
    constexpr int kGone = 12;
    for (int n = 1; n <= kGone; ++n) fs::remove(frame(n));
    fs::resize_file(frame(kGone + 1), 100);
    const auto result = process().value();
    EXPECT_EQ(reference::frame_times(result.mp4_path).size(), static_cast<std::size_t>(kFrames - kGone - 1));
    EXPECT_EQ(counters(result, "v1").written, static_cast<std::uint64_t>(kFrames - kGone - 1));
    EXPECT_EQ(counters(result, "v1").dropped_disk, static_cast<std::uint64_t>(kGone + 1));
    EXPECT_EQ(counters(result, "a1").dropped_disk, 0U);
    EXPECT_TRUE(result.metrics.balanced());
    EXPECT_TRUE(result.metrics.lossy());
    EXPECT_EQ(result.metrics.frames, static_cast<std::uint64_t>(kFrames - kGone - 1));
}

TEST_F(Damage, IsCountedOnceWhereARecoveryHasCountedIt) {
    make(true);
    for (int n = 4; n <= 6; ++n) fs::remove(frame(n));
    ASSERT_TRUE(recover_take(config_.data_dir, "t"));
    const auto result = process().value();
    EXPECT_EQ(counters(result, "v1").written, static_cast<std::uint64_t>(kFrames - 3));
    EXPECT_EQ(counters(result, "v1").dropped_disk, 3U);
}

TEST_F(Damage, OfTheFirstFramesSizeDoesNotDecideTheOutputs) {
    make(false);
    std::ofstream(frame(1), std::ios::binary | std::ios::trunc) << plain_jpeg(16, 16, 9);
    const auto result = process().value();
    const auto stream = reference::probe(result.mp4_path)["streams"][0];
    EXPECT_EQ(stream["width"], kWidth);
    EXPECT_EQ(stream["height"], kHeight);
    EXPECT_EQ(reference::frame_times(result.mp4_path).size(), static_cast<std::size_t>(kFrames - 1));
    EXPECT_EQ(counters(result, "v1").dropped_disk, 1U);
}

TEST_F(Damage, ByAnAbsurdSizeIsALostFrame) {
    make(false);
    auto jpeg = plain_jpeg(kWidth, kHeight, 9);
    const auto sof = jpeg.find("\xff\xc0");
    ASSERT_NE(sof, std::string::npos);
    for (std::size_t i = 5; i < 9; ++i) jpeg[sof + i] = '\xff';
    for (const int n : {1, 7}) std::ofstream(frame(n), std::ios::binary | std::ios::trunc) << jpeg;
    const auto result = process().value();
    EXPECT_EQ(reference::frame_times(result.mp4_path).size(), static_cast<std::size_t>(kFrames - 2));
    EXPECT_EQ(counters(result, "v1").dropped_disk, 2U);
}

TEST_F(Damage, OfEveryFrameIsReportedAsSuch) {
    make(false);
    for (int n = 1; n <= kFrames; ++n) fs::remove(frame(n));
    const auto result = process();
    ASSERT_FALSE(result);
    EXPECT_THAT(result.error().message, HasSubstr("no readable frames and no audio"));
    EXPECT_TRUE(fs::is_empty(config_.processed_dir));
}

TEST_F(Damage, OfTheAudioIsCountedInSamples) {
    make(true);
    fs::resize_file(dir_.file("takes/t/audio.wav"), 80 + 2 * kRate);
    const auto result = process().value();
    EXPECT_EQ(counters(result, "a1").written, static_cast<std::uint64_t>(kRate));
    EXPECT_EQ(counters(result, "a1").dropped_disk, static_cast<std::uint64_t>(2 * kRate));
    EXPECT_EQ(counters(result, "v1").dropped_disk, 0U);
    EXPECT_EQ(result.metrics.audio_samples, static_cast<std::uint64_t>(kRate));
}

TEST_F(Damage, OfAStampNeitherFillsTheDiskNorLastsForever) {
    make(true, "400000.0");
    for (const auto cfr : {std::optional<double>{}, std::optional(30.0)}) {
        config_.encode.cfr = cfr;
        const auto result = process().value();
        EXPECT_EQ(counters(result, "v1").dropped_disk, 1U);
        EXPECT_THAT(notes(result), HasSubstr("frame 30: its stamp is 111.1 h after"));
        EXPECT_EQ(reference::frame_times(result.mp4_path).size(), cfr ? 85U : static_cast<std::size_t>(kFrames - 1));
        EXPECT_LT(fs::file_size(result.mp4_path), 10'000'000U);
    }
}

}  // namespace
}  // namespace onetake
