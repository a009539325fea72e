#include "media/sync_marks.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <numbers>
#include <random>
#include <vector>

namespace onetake {
namespace {

using namespace std::chrono_literals;

std::vector<LumaSample> luma_of(int frames, double fps, int flash_every, int flash_frames, double bright = 235) {
    std::vector<LumaSample> out;
    for (int i = 0; i < frames; ++i)
        out.push_back({duration_from_seconds(i / fps), i % flash_every < flash_frames ? bright : 40.0 + i % 3});
    return out;
}

// Beeps of `hz` that start at phase 0 at each of these (fractional) samples.
std::vector<float> beeps(std::size_t samples, double rate, const std::vector<double>& onsets, double level = 0.5,
                         double hz = 1000, double seconds = 0.05) {
    std::vector<float> out(samples, 0.0F);
    for (double onset : onsets)
        for (auto i = static_cast<std::size_t>(std::max(0.0, std::ceil(onset))); i < samples; ++i) {
            const double t = (static_cast<double>(i) - onset) / rate;
            if (t >= seconds) break;
            out[i] += static_cast<float>(level * std::sin(2 * std::numbers::pi * hz * t));
        }
    return out;
}

void add_noise(std::vector<float>& samples, double rms) {
    std::mt19937 random(7);
    std::normal_distribution<double> noise(0, rms);
    for (auto& s : samples) s += static_cast<float>(noise(random));
}

void expect_near_ms(const std::vector<double>& found, const std::vector<double>& truth, double rate, double ms) {
    ASSERT_EQ(found.size(), truth.size());
    for (std::size_t i = 0; i < truth.size(); ++i) EXPECT_NEAR(found[i] / rate * 1e3, truth[i] / rate * 1e3, ms) << i;
}

TEST(FindFlashes, ReturnsTheFirstBrightFrameOfEachFlash) {
    const auto flashes = find_flashes(luma_of(300, 30, 30, 3));
    ASSERT_EQ(flashes.size(), 9U);
    EXPECT_EQ(flashes[0], 1s);
    EXPECT_EQ(flashes[8], 9s);
}

TEST(FindFlashes, FindsNoneInFramesThatStayTheSame) {
    EXPECT_TRUE(find_flashes(luma_of(300, 30, 30, 3, 50)).empty());
    EXPECT_TRUE(find_flashes({}).empty());
}

TEST(FindFlashes, CountsAFlashThatGrowsAndFadesOnce) {
    std::vector<LumaSample> frames;
    for (const double luma : {30, 30, 30, 60, 90, 210, 140, 220, 120, 80, 30, 30, 30, 30})
        frames.push_back({frames.size() * 33ms, luma});
    EXPECT_EQ(find_flashes(frames), std::vector<Duration>{5 * 33ms});
}

TEST(FindBeeps, LocatesHardOnsetsToATenthOfAMillisecond) {
    for (const double rate : {8000.0, 16000.0, 44100.0, 48000.0, 96000.0}) {
        const std::vector<double> onsets{rate * 0.5, rate * 1.50001, rate * 2.7 + 0.4, rate * 3.9};
        const double within_ms = std::max(0.1, 1.1e3 / rate);  // a slow rate has nothing finer than a sample
        expect_near_ms(find_beeps(beeps(static_cast<std::size_t>(rate * 5), rate, onsets), rate), onsets, rate,
                       within_ms);
    }
}

TEST(FindBeeps, HoldsItsAccuracyInNoiseAndOverAHum) {
    const double rate = 48000;
    const std::vector<double> onsets{24000, 72010.3, 121000};
    auto noisy = beeps(150'000, rate, onsets);
    add_noise(noisy, 0.02);
    for (std::size_t i = 0; i < noisy.size(); ++i)
        noisy[i] += static_cast<float>(0.003 * std::sin(2 * std::numbers::pi * 220 * static_cast<double>(i) / rate));
    expect_near_ms(find_beeps(noisy, rate), onsets, rate, 0.15);
    auto quiet = beeps(150'000, rate, onsets, 0.02);
    add_noise(quiet, 0.0005);
    expect_near_ms(find_beeps(quiet, rate), onsets, rate, 0.15);
}

TEST(FindBeeps, FindsNothingInSilenceNoiseClicksOrAnotherTone) {
    const double rate = 48000;
    EXPECT_TRUE(find_beeps(std::vector<float>(96'000, 0.0F), rate).empty());
    std::vector<float> noise(96'000, 0.0F);
    add_noise(noise, 0.1);
    EXPECT_TRUE(find_beeps(noise, rate).empty());
    std::vector<float> clicks(96'000, 0.0F);
    clicks[30'000] = clicks[60'000] = 1;
    EXPECT_TRUE(find_beeps(clicks, rate).empty());
    EXPECT_TRUE(find_beeps(beeps(96'000, rate, {20'000, 60'000}, 0.5, 1000, 0.003), rate).empty());
    EXPECT_TRUE(find_beeps({}, rate).empty());
}

TEST(FindBeeps, LeavesOutABeepThatIsCutAtTheBeginningOrTheEnd) {
    const double rate = 48000;
    expect_near_ms(find_beeps(beeps(96'000, rate, {-480, 48'000, 95'800}), rate), {48'000}, rate, 0.1);
    expect_near_ms(find_beeps(beeps(96'000, rate, {0, 48'000}), rate), {48'000}, rate, 0.1);
}

TEST(PairMarks, MeasuresHowLateTheAudioIs) {
    const std::vector<Duration> flashes{1s, 2s, 3s, 4s};
    const std::vector<Duration> beeps{1s + 10ms, 2s - 4ms, 4s + 6ms, 5s};
    const auto report = pair_marks(flashes, beeps);
    ASSERT_EQ(report.pairs.size(), 3U);
    EXPECT_EQ(report.worst, 10ms);
    EXPECT_EQ(report.mean, 4ms);
    EXPECT_EQ(report.smallest, -4ms);
    EXPECT_EQ(report.largest, 10ms);
    EXPECT_EQ(report.lone_flashes, 1U);
    EXPECT_EQ(report.lone_beeps, 1U);
}

TEST(PairMarks, PairsNoBeepWithTwoFlashes) {
    const auto report = pair_marks(std::vector<Duration>{1s, 1s + 200ms}, std::vector<Duration>{1s + 150ms});
    ASSERT_EQ(report.pairs.size(), 1U);
    EXPECT_EQ(report.pairs[0].flash, 1s + 200ms);
    EXPECT_EQ(pair_marks({}, std::vector<Duration>{1s}).lone_beeps, 1U);
}

}  // namespace
}  // namespace onetake
