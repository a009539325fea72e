#include "base/clock.h"
#include "inspect/check.h"
#include "sink/take_sink.h"
#include "support/temp_dir.h"

#include <cmath>
#include <gtest/gtest.h>
#include <vector>

namespace onetake {
namespace {

constexpr int kRate = 48000, kBlock = 4800;
constexpr double kFps = 25;

/// Records frames and audio of a card that is `ppm` too fast, `blocks` of 0.1 s; 0.4 s are lost after 12 s.
/// Returns what the recorder measured, and what an inspection makes of the take.
struct Measured {
    Metrics recorded, inspected;
};
Measured record(const std::string& folder, double ppm, int blocks) {
    const std::string name(1, 't');
    TakeSinkOptions options;
    options.writer = {folder, name, "", "{}", false};
    options.queue_size = 4096;
    auto sink = TakeSink::create(options).value();
    VideoDescription camera;
    camera.fps = kFps;
    auto* video = sink->add_video(camera).value();
    AudioDescription microphone;
    microphone.sample_rate = kRate;
    microphone.channels = 1;
    microphone.blocksize = kBlock;
    auto* audio = sink->add_audio(microphone).value();
    EXPECT_TRUE(sink->start());

    const auto begin = host_now();
    const double seconds_per_sample = 1 / (kRate * (1 + ppm * 1e-6));
    for (int i = 0; i < blocks; ++i) {
        AudioBlock block;
        block.channels = 1;
        block.samples.assign(kBlock, static_cast<std::int16_t>(i));
        const double jitter = 0.0003 * std::sin(i);
        const double lost = i < 120 ? 0 : 0.4;
        block.time = block.arrival =
            begin + duration_from_seconds(i * kBlock * seconds_per_sample + 0.0003 + jitter + lost);
        block.xrun = i == 120;
        block.source = StampSource::test;
        audio->deliver(std::move(block));
    }
    for (int i = 0; i < 50; ++i) {
        Frame frame;
        frame.width = frame.height = 16;
        frame.stride = 48;
        frame.bytes = Buffer(std::vector<std::uint8_t>(16 * 48, 90));
        frame.stamp = {begin + duration_from_seconds(i / kFps), begin, StampSource::test, {}};
        video->deliver(std::move(frame));
    }
    video->report({SourceEvent::Kind::driver_drop, begin, 3, {}});
    sink->drain();
    Measured m;
    m.recorded = sink->metrics();
    EXPECT_TRUE(sink->close(m.recorded));
    const auto dir = TakeDir::open(take_folder(folder, name)).value();
    m.inspected = metrics_of(inspect_take(dir).value(), {});
    return m;
}

void expect_same(double a, double b) {
    if (std::isnan(a))
        EXPECT_TRUE(std::isnan(b)) << b;
    else
        EXPECT_DOUBLE_EQ(a, b);
}

void expect_same_figures(const Measured& m) {
    const auto &a = m.recorded, &b = m.inspected;
    expect_same(a.soundcard_drift_ppm, b.soundcard_drift_ppm);
    expect_same(a.audio_block_jitter_ms, b.audio_block_jitter_ms);
    expect_same(a.effective_fps, b.effective_fps);
    expect_same(a.camera_fps_label_error_ppm, b.camera_fps_label_error_ppm);
    expect_same(a.projected_av_skew_ms_per_hour, b.projected_av_skew_ms_per_hour);
    expect_same(a.gap_s, b.gap_s);
    expect_same(a.video_mb, b.video_mb);
    EXPECT_EQ(a.gaps, b.gaps);
    EXPECT_EQ(a.audio_xruns, b.audio_xruns);
    EXPECT_EQ(a.stamp_source, b.stamp_source);
    EXPECT_EQ(a.audio_stamp_source, b.audio_stamp_source);
    ASSERT_EQ(a.counters.size(), b.counters.size());
    for (std::size_t i = 0; i < a.counters.size(); ++i) {
        EXPECT_EQ(a.counters[i].track, b.counters[i].track);
        EXPECT_EQ(a.counters[i].expected, b.counters[i].expected);
        EXPECT_EQ(a.counters[i].written, b.counters[i].written);
        EXPECT_EQ(a.counters[i].dropped_driver, b.counters[i].dropped_driver);
    }
}

TEST(TrackStatistics, AreTheSameFromTheRecorderAndFromTheJournal) {
    TempDir dir;
    const auto m = record(dir.path(), 120, 250);
    EXPECT_NEAR(m.recorded.soundcard_drift_ppm, 120, 15);
    EXPECT_NEAR(m.recorded.audio_block_jitter_ms, 0.3 / std::sqrt(2), 0.1);
    EXPECT_EQ(m.recorded.gaps, 1u);
    EXPECT_NEAR(m.recorded.gap_s, 0.4, 0.002);
    EXPECT_NEAR(m.recorded.effective_fps, kFps, 1e-6);
    EXPECT_EQ(m.recorded.counters[0].expected, 53u);
    expect_same_figures(m);
}

TEST(TrackStatistics, GiveAClockToAShortTakeAndNoneToAFewBlocks) {
    TempDir dir;
    const auto brief = record(dir.file("brief"), 0, 30);
    EXPECT_NEAR(brief.recorded.soundcard_drift_ppm, 0, 300);
    expect_same_figures(brief);
    const auto few = record(dir.file("few"), 0, 9);
    EXPECT_TRUE(std::isnan(few.recorded.soundcard_drift_ppm));
    expect_same_figures(few);
}

}  // namespace
}  // namespace onetake
