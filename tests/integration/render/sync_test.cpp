#include "other_recorder.h"
#include "reference_decoder.h"
#include "support/plain_frames.h"

#include <onetake/recorder.h>

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <numbers>
#include <random>

namespace onetake {
namespace {

constexpr int kRate = 48000;
constexpr int kBlock = 1024;  // samples between two lines of the audio clock
constexpr double kStart = 1000, kFps = 30;
constexpr double kHum = 0.02;

/// A world in which something flashes and beeps at the same instants.
struct World {
    double seconds = 0;
    double jitter_s = 0;  ///< of the frames' stamps
    std::vector<double> frames;
    std::vector<bool> lit;
    std::vector<double> marks;  ///< instants of flash and beep

    explicit World(double length, double jitter = 0) : seconds(length), jitter_s(jitter) {
        std::mt19937 random(11);
        std::uniform_real_distribution<double> noise(-jitter, jitter);
        int last_second = -1;
        for (int i = 0; i < static_cast<int>(length * kFps); ++i) {
            frames.push_back(kStart + i / kFps + noise(random));
            // Lit for 100 ms in the middle of each second.
            const double into = std::fmod(i / kFps + 1e-6, 1.0);
            lit.push_back(into >= 0.5 && into < 0.6);
            if (const int second = i / static_cast<int>(kFps); lit.back() && second != last_second) {
                last_second = second;
                marks.push_back(frames.back());
            }
        }
    }

    /// The signal at an instant: a quiet hum, and a beep of 50 ms that sets in at once.
    double signal(double t) const {
        using std::numbers::pi;
        double value = kHum * std::sin(2 * pi * 300 * t);
        const auto after = std::ranges::upper_bound(marks, t);
        if (after != marks.begin() && t - *std::prev(after) < 0.05)
            value += 0.5 * std::sin(2 * pi * 1000 * (t - *std::prev(after)));
        return value;
    }
};

/// A sound card of its own rate, which may lose samples once.
struct SoundCard {
    double begin = kStart;  ///< instant of its first sample
    double ppm = 0;
    double gap_at = 1e9, gap_s = 0;  ///< s after `begin`

    double rate() const { return kRate * (1 + ppm * 1e-6); }
    /// When a sample was taken.
    double time_of(std::int64_t sample) const {
        const auto gap_sample = static_cast<std::int64_t>(gap_at * rate());
        return begin + static_cast<double>(sample) / rate() + (sample >= gap_sample ? gap_s : 0);
    }
    std::vector<std::int16_t> record(const World& world, double end) const {
        std::vector<std::int16_t> samples;
        for (double t = begin; t < end; t = time_of(static_cast<std::int64_t>(samples.size())))
            samples.push_back(static_cast<std::int16_t>(std::lround(32000 * world.signal(t))));
        return samples;
    }
};

class SyncTest : public ::testing::Test {
 protected:
    SyncTest() {
        config_.data_dir = dir_.file("takes");
        config_.processed_dir = dir_.file("rendered");
    }
    std::string render(const World& world, const std::vector<std::int16_t>& samples,
                       const std::vector<OtherRecorder::ClockLine>& clock) {
        OtherRecorder other(dir_);
        const auto white = plain_jpeg(160, 120, 255), black = plain_jpeg(160, 120, 0);
        other.store_frames(world.frames, [&](std::size_t i) { return world.lit[i] ? white : black; });
        other.record(samples, kRate, clock);
        return other.import_and_render("t", config_);
    }
    static void in_sync(const std::string& path, std::size_t pairs, const std::string& what) {
        const auto seen = reference::sync(path);
        reference::figure("worst of " + std::to_string(seen.pairs) + " pairs, " + what, seen.worst_ms, "ms");
        EXPECT_EQ(seen.pairs, pairs);
        EXPECT_EQ(seen.lone_flashes + seen.lone_beeps, 0U);
        EXPECT_LE(std::abs(seen.worst_ms), 1.0);
    }

    TempDir dir_;
    RecorderConfig config_;
};

TEST_F(SyncTest, HoldsWhereAudioBeginsAfterTheVideo) {
    const World world(7);
    SoundCard card;
    card.begin = kStart + 0.4;
    const auto path = render(world, card.record(world, kStart + 7), {{0, card.begin}});
    in_sync(path, 7, "audio 0.4 s after the video");
    // What comes before the first sample is silent.
    const auto audio = reference::audio(path);
    const auto loudest = [&](double from, double to) {
        const auto at = [&](double s) { return audio.begin() + static_cast<std::ptrdiff_t>(s * kRate); };
        return std::abs(
            *std::max_element(at(from), at(to), [](float a, float b) { return std::abs(a) < std::abs(b); }));
    };
    EXPECT_LT(loudest(0, 0.37), kHum / 20);
    EXPECT_GT(loudest(0.41, 0.45), kHum / 2);
}

TEST_F(SyncTest, HoldsWhereAudioBeginsBeforeTheVideo) {
    const World world(7);
    SoundCard card;
    card.begin = kStart - 0.4;
    const auto path = render(world, card.record(world, kStart + 7), {{0, card.begin}});
    in_sync(path, 7, "audio 0.4 s before the video");
    EXPECT_NEAR(to_seconds(reference::frame_times(path).front()), 0.4, 12e-6) << "the file begins with the audio";
}

TEST_F(SyncTest, HoldsWithAFastSoundCardNoisyStampsAndAGap) {
    const World world(60, 0.004);
    SoundCard card;
    card.begin = kStart + 0.123;
    card.ppm = 300;
    card.gap_at = kBlock * std::floor(30 * kRate / double{kBlock}) / card.rate();
    card.gap_s = 0.5;
    // The gap lies between a beep and the next: from about 30.1 s + 0.123 s on, beeps are at 30.5 s.
    World shifted = world;
    const double gap_begin = card.begin + card.gap_at, gap_end = gap_begin + card.gap_s;
    std::erase_if(shifted.marks, [&](double t) { return t > gap_begin - 0.1 && t < gap_end + 0.1; });
    for (std::size_t i = 0; i < shifted.frames.size(); ++i)
        if (shifted.frames[i] > gap_begin - 0.1 && shifted.frames[i] < gap_end + 0.2) shifted.lit[i] = false;
    ASSERT_EQ(shifted.marks.size(), world.marks.size() - 1) << "one flash would be in the gap, and is left out";

    const auto samples = card.record(shifted, kStart + 60);
    std::mt19937 random(7);
    std::uniform_real_distribution<double> noise(-0.0008, 0.0008);
    std::vector<OtherRecorder::ClockLine> clock;
    for (std::int64_t s = 0; s < static_cast<std::int64_t>(samples.size()); s += kBlock)
        clock.push_back({s, card.time_of(s) + noise(random)});
    const auto path = render(shifted, samples, clock);
    in_sync(path, shifted.marks.size(), "card +300 ppm, 0.5 s of audio lost");

    const double origin = shifted.frames.front() - to_seconds(reference::frame_times(path).front());
    const auto audio = reference::audio(path);
    const auto level = [&](double from, double to) {
        double sum = 0;
        const auto begin = static_cast<std::size_t>((from - origin) * kRate);
        const auto end = std::min(audio.size(), static_cast<std::size_t>((to - origin) * kRate));
        for (auto i = begin; i < end; ++i) sum += double{audio[i]} * audio[i];
        return std::sqrt(sum / static_cast<double>(end - begin));
    };
    const double in_gap = level(gap_begin + 0.03, gap_end - 0.03);
    reference::figure("level in the gap against the hum around it", in_gap / (kHum / std::numbers::sqrt2), "");
    EXPECT_LT(in_gap, kHum / 100);
    for (const double edge : {gap_begin - 0.05, gap_end + 0.02}) {
        SCOPED_TRACE(edge);
        EXPECT_GT(level(edge, edge + 0.03), kHum / 3);
    }
}

}  // namespace
}  // namespace onetake
