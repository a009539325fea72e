#include "base/files.h"
#include "support/plain_frames.h"
#include "support/temp_dir.h"
#include "take/take_source.h"
#include "take/wav.h"

#include <onetake/take.h>

#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

namespace onetake {
namespace {

namespace fs = std::filesystem;

class ImportTest : public ::testing::Test {
 protected:
    ImportTest() {
        fs::create_directories(dir_.file("in"));
        options_.name = "t";
        options_.frames_dir = dir_.file("in");
        options_.frame_times_path = dir_.file("times");
        options_.data_dir = dir_.file("takes");
        for (int i = 0; i < 3; ++i) frame(i, plain_jpeg(32, 16, static_cast<std::uint8_t>(50 * i)));
        times("10.0\n10.1\n10.2000000009\n");
    }
    void frame(int i, const std::string& bytes) {
        std::ofstream(dir_.file("in/p" + std::to_string(i) + ".jpg"), std::ios::binary) << bytes;
    }
    void times(const std::string& text) { std::ofstream(dir_.file("times")) << text; }
    void audio(std::int64_t samples, const std::string& clock) {
        fs::remove(dir_.file("a.wav"));
        auto wav = WavWriter::create(AT_FDCWD, dir_.file("a.wav"), 1000, 1).value();
        ASSERT_TRUE(wav.write(std::vector<std::int16_t>(static_cast<std::size_t>(samples), 9)));
        ASSERT_TRUE(wav.refresh_header());
        std::ofstream(dir_.file("clock")) << clock;
        options_.audio_path = dir_.file("a.wav");
        options_.audio_times_path = dir_.file("clock");
    }
    // An import that fails reports why and leaves no files.
    void fails(const std::vector<std::string>& words) {
        const auto result = import_take(options_);
        ASSERT_FALSE(result);
        for (const auto& word : words)
            EXPECT_NE(result.error().message.find(word), std::string::npos) << result.error().message;
        EXPECT_FALSE(fs::exists(dir_.file("takes/t")));
    }

    TempDir dir_;
    ImportOptions options_;
};

TEST_F(ImportTest, KeepsBytesAndStampsAsTheyWere) {
    audio(500, "0 9.9\n");
    const auto result = import_take(options_);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->metrics.frames, 3u);
    EXPECT_EQ(result->metrics.audio_samples, 500u);
    EXPECT_EQ(read_file(dir_.file("takes/t/frames/f_000002.jpg"), 1 << 20).value(), plain_jpeg(32, 16, 50));
    auto source = TakeSource::open(dir_.file("takes/t")).value();
    std::vector<std::int64_t> stamps;
    while (const auto event = source.next().value())
        if (const auto* f = std::get_if<StoredFrame>(&*event)) stamps.push_back(to_ns(f->time));
    EXPECT_EQ(stamps, (std::vector<std::int64_t>{10'000'000'000, 10'100'000'000, 10'200'000'001}));
    EXPECT_EQ(source.origin(), host_time_from_ns(9'900'000'000));
}

TEST_F(ImportTest, StoresWhatTheAudioTimesAre) {
    audio(500, "0 9.9\n");
    for (const auto& [given, stored] : {std::pair{AudioStamps::automatic, StampKind::automatic},
                                        {AudioStamps::capture, StampKind::capture},
                                        {AudioStamps::arrival, StampKind::arrival}}) {
        options_.audio_stamps = given;
        options_.name = std::string(to_string(stored));
        ASSERT_TRUE(import_take(options_));
        const auto source = TakeSource::open(dir_.file("takes/" + options_.name)).value();
        EXPECT_EQ(source.tracks().back().audio.stamps, stored);
    }
}

// Times that may only be late place the audio by the least late of them.
TEST_F(ImportTest, PlacesAudioByWhatItsTimesAre) {
    std::string clock;
    for (int i = 0; i < 600; ++i)  // evenly 0 to 20 ms late
        clock += std::to_string(i * 50) + " " + std::to_string(9.9 + i * 0.05 + (i * 7 % 21) * 0.001) + "\n";
    audio(30'000, clock);
    const auto begin = [&](AudioStamps stamps) {
        options_.audio_stamps = stamps;
        options_.name = "s" + std::to_string(static_cast<int>(stamps));
        EXPECT_TRUE(import_take(options_));
        auto source = TakeSource::open(dir_.file("takes/" + options_.name)).value();
        while (const auto event = source.next().value())
            if (const auto* s = std::get_if<StoredAudio>(&*event)) return to_seconds(s->span.begin.time_since_epoch());
        return 0.0;
    };
    EXPECT_NEAR(begin(AudioStamps::arrival), 9.9, 0.001);
    EXPECT_NEAR(begin(AudioStamps::capture), 9.91, 0.005);
}

TEST_F(ImportTest, PlacesAudioByItsClockGapsIncluded) {
    audio(4000, "0 10\n2000 12\n2001 13\n4000 14.999\n");
    ASSERT_TRUE(import_take(options_));
    auto source = TakeSource::open(dir_.file("takes/t")).value();
    std::vector<AudioSpan> spans;
    while (const auto event = source.next().value())
        if (const auto* s = std::get_if<StoredAudio>(&*event)) spans.push_back(s->span);
    ASSERT_FALSE(spans.empty());
    EXPECT_NEAR(to_seconds(spans.back().end.time_since_epoch()), 14.999, 0.001);
}

TEST_F(ImportTest, ShiftsAClockThatBeginsBelowZero) {
    times("-5.5\n-5.4\n-5.3\n");
    const auto result = import_take(options_);
    ASSERT_TRUE(result);
    ASSERT_EQ(result->metrics.notes.size(), 1u);
    auto source = TakeSource::open(dir_.file("takes/t")).value();
    while (source.next().value()) {
    }
    EXPECT_EQ(source.origin(), host_time_from_ns(500'000'000));
}

TEST_F(ImportTest, ShiftsAClockThatBeganInAnotherCenturyAndLosesNothing) {
    times("4000000000.5\n4000000000.6\n4000000000.700000001\n");
    const auto result = import_take(options_);
    ASSERT_TRUE(result) << result.error().message;
    const auto checked = check_take(options_.data_dir, "t").value();
    EXPECT_TRUE(checked.whole()) << to_json(checked);
    EXPECT_EQ(checked.frames, 3u);
    auto source = TakeSource::open(dir_.file("takes/t")).value();
    EXPECT_EQ(to_ns(*source.origin()), 500'000'000);
}

TEST_F(ImportTest, RefusesTimesTooFarApartForATake) {
    for (const auto* text : {"0\n1\n5000000000\n", "-5000000000\n1\n8000000000\n"}) {
        times(text);
        fails({"too far apart"});
    }
    times("0\n1\n2\n");
    audio(500, "0 0\n1 8000000000\n");
    fails({"too far apart"});
}

TEST_F(ImportTest, TellsPlacesFromTheBeginningOfWhatWasImported) {
    times("1700000000\n1700000001\n1700000002.5\n");
    ASSERT_TRUE(import_take(options_));
    fs::remove(dir_.file("takes/t/frames/f_000003.jpg"));
    const auto checked = check_take(options_.data_dir, "t").value();
    ASSERT_EQ(checked.losses.size(), 1u);
    EXPECT_DOUBLE_EQ(checked.losses[0].at_s, 2.5);
}

TEST_F(ImportTest, LeavesNothingWhenCancelled) {
    std::stop_source cancel;
    cancel.request_stop();
    options_.cancel = cancel.get_token();
    fails({"cancelled"});
}

TEST_F(ImportTest, NeedsATimeForEachFrame) {
    times("1\n2\n");
    fails({"3 JPEGs", "2 times"});
}

TEST_F(ImportTest, NamesTheLineThatIsNoTime) {
    times("1\n2\nthree\n");
    fails({"times, line 3", "three"});
}

TEST_F(ImportTest, RefusesATruncatedJpegByName) {
    frame(1, plain_jpeg(32, 16, 50).substr(0, 200));
    fails({"p1.jpg"});
}

TEST_F(ImportTest, RefusesAudioWithoutAClockAndAClockBeyondTheAudio) {
    audio(100, "");
    fails({"clock", "sample_index seconds"});
    audio(100, "0 1\n200 2\n");
    fails({"sample 200", "100"});
}

TEST_F(ImportTest, NeverOverwritesATake) {
    ASSERT_TRUE(import_take(options_));
    const auto again = import_take(options_);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, ErrorCode::already_exists);
    EXPECT_TRUE(fs::exists(dir_.file("takes/t/manifest.json")));
}

TEST_F(ImportTest, SaysThatAFolderIsMissingOrEmpty) {
    options_.frames_dir = dir_.file("nowhere");
    fails({"nowhere"});
    fs::create_directories(dir_.file("empty"));
    options_.frames_dir = dir_.file("empty");
    fails({"empty", "no JPEGs"});
}

}  // namespace
}  // namespace onetake
