#include "codec/variable_rate_resampler.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <numbers>

namespace onetake {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

// A sound card whose true rate is a function of time. It records a signal that is a function of true time.
class SoundCard {
 public:
    SoundCard(double begin_s, std::function<double(double)> signal) : now_(begin_s), signal_(std::move(signal)) {}

    TimedAudio record(std::size_t count, double rate, bool after_gap = false) {
        TimedAudio run;
        run.after_gap = after_gap;
        run.begin = MediaTime(Duration(std::llround(now_ * kSecond)));
        for (std::size_t i = 0; i < count; ++i) {
            const double t = now_ + static_cast<double>(i) / rate;
            run.samples.push_back(static_cast<std::int16_t>(std::lround(32767 * signal_(t))));
        }
        now_ += static_cast<double>(count) / rate;
        run.end = MediaTime(Duration(std::llround(now_ * kSecond)));
        return run;
    }
    void skip(double seconds) { now_ += seconds; }
    double now() const { return now_; }

 private:
    double now_;
    std::function<double(double)> signal_;
};

struct Collected {
    std::vector<float> samples;
    SampleSink sink() {
        return [this](std::span<const float> piece) {
            samples.insert(samples.end(), piece.begin(), piece.end());
            return Status{};
        };
    }
};

double worst_difference(const std::vector<float>& got, double rate, const std::function<double(double)>& signal,
                        std::size_t from, std::size_t to) {
    double worst = 0;
    for (std::size_t k = from; k < std::min(to, got.size()); ++k)
        worst = std::max(worst, std::abs(static_cast<double>(got[k]) - signal(static_cast<double>(k) / rate)));
    return worst;
}

// With a sine of 1 kHz, a time error of e s causes a difference of at most 2 pi 1000 e.
const auto kSine = [](double t) { return 0.8 * std::sin(2 * std::numbers::pi * 1000 * t); };
constexpr double kTwoMicroseconds = 0.8 * 2 * std::numbers::pi * 1000 * 2e-6;

TEST(VariableRateResampler, PutsEverySampleAtItsTimeWhateverTheCardsRate) {
    for (const double ppm : {0.0, 50.0, -50.0, 2000.0, -2000.0})
        for (const std::size_t block : {64U, 480U, 1024U, 5000U}) {
            SoundCard card(0, kSine);
            auto resampler = VariableRateResampler::create(48000, 1, 48000).value();
            Collected out;
            while (card.now() < 5)
                ASSERT_TRUE(resampler.write(card.record(block, 48000 * (1 + ppm * 1e-6)), out.sink()));
            ASSERT_TRUE(resampler.finish(out.sink()));
            EXPECT_NEAR(static_cast<double>(out.samples.size()), card.now() * 48000, 0.51);
            EXPECT_EQ(resampler.samples_out(), static_cast<std::int64_t>(out.samples.size()));
            EXPECT_LT(worst_difference(out.samples, 48000, kSine, 100, out.samples.size() - 100), kTwoMicroseconds)
                << ppm << " ppm, blocks of " << block;
        }
}

TEST(VariableRateResampler, KeepsTimesThroughStepsOfTheRate) {
    SoundCard card(0.123456789, kSine);
    auto resampler = VariableRateResampler::create(48000, 1, 48000).value();
    Collected out;
    double ppm = 2000;
    for (int i = 0; i < 300; ++i) {
        ASSERT_TRUE(resampler.write(card.record(777, 48000 * (1 + ppm * 1e-6)), out.sink()));
        ppm = -ppm;
    }
    ASSERT_TRUE(resampler.finish(out.sink()));
    EXPECT_LT(worst_difference(out.samples, 48000, kSine, 6100, out.samples.size() - 100), kTwoMicroseconds);
}

TEST(VariableRateResampler, KeepsImpulsesAtTheirTimes) {
    // Band-limited impulses, two per second, recorded by a card that runs 300 ppm fast.
    const auto clicks = [](double t) {
        const double x = (t - std::round(t * 2) / 2) * 12000;
        return 0.9 * std::exp(-x * x);
    };
    SoundCard card(0.25, clicks);
    auto resampler = VariableRateResampler::create(48000, 1, 48000).value();
    Collected out;
    while (card.now() < 10.2) ASSERT_TRUE(resampler.write(card.record(1024, 48000 * 1.0003), out.sink()));
    ASSERT_TRUE(resampler.finish(out.sink()));
    for (int half = 1; half <= 20; ++half) {
        double weight = 0, moment = 0;
        for (int k = half * 24000 - 20; k <= half * 24000 + 20; ++k) {
            const double value = out.samples[static_cast<std::size_t>(k)];
            weight += value;
            moment += value * (k - half * 24000);
        }
        EXPECT_LT(std::abs(moment / weight), 0.02) << "samples, impulse at " << half / 2.0 << " s";
    }
}

TEST(VariableRateResampler, BeginsWithSilenceUpToTheFirstRun) {
    SoundCard card(0.4, [](double) { return 0.5; });
    auto resampler = VariableRateResampler::create(48000, 1, 48000).value();
    Collected out;
    ASSERT_TRUE(resampler.write(card.record(4800, 48000, true), out.sink()));
    ASSERT_TRUE(resampler.finish(out.sink()));
    ASSERT_EQ(out.samples.size(), 24000U);
    EXPECT_TRUE(std::all_of(out.samples.begin(), out.samples.begin() + 19200, [](float x) { return x == 0.0F; }));
    EXPECT_TRUE(std::all_of(out.samples.begin() + 19200, out.samples.end(), [](float x) { return x > 0.4F; }));
}

TEST(VariableRateResampler, FillsGapsWithExactSilenceOfTheirLength) {
    SoundCard card(0, kSine);
    auto resampler = VariableRateResampler::create(48000, 1, 48000).value();
    Collected out;
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(resampler.write(card.record(1000, 48000), out.sink()));
    card.skip(0.02);
    ASSERT_TRUE(resampler.write(card.record(1000, 48000, true), out.sink()));
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(resampler.write(card.record(1000, 48000), out.sink()));
    ASSERT_TRUE(resampler.finish(out.sink()));
    ASSERT_EQ(out.samples.size(), 21000U + 960U);
    EXPECT_TRUE(
        std::all_of(out.samples.begin() + 10000, out.samples.begin() + 10960, [](float x) { return x == 0.0F; }));
    EXPECT_LT(worst_difference(out.samples, 48000, kSine, 100, 9900), kTwoMicroseconds);
    EXPECT_LT(worst_difference(out.samples, 48000, kSine, 11060, 21860), kTwoMicroseconds);
}

TEST(VariableRateResampler, EmitsLongSilenceInChunks) {
    SoundCard card(100, kSine);
    auto resampler = VariableRateResampler::create(48000, 1, 48000).value();
    std::size_t largest = 0;
    std::int64_t total = 0;
    const SampleSink sink = [&](std::span<const float> piece) {
        largest = std::max(largest, piece.size());
        total += static_cast<std::int64_t>(piece.size());
        return Status{};
    };
    ASSERT_TRUE(resampler.write(card.record(48, 48000, true), sink));
    ASSERT_TRUE(resampler.finish(sink));
    EXPECT_EQ(total, 4800048);
    EXPECT_LE(largest, 65536U);
}

TEST(VariableRateResampler, LeavesOutAudioBeforeTimeZero) {
    SoundCard card(-0.5, kSine);
    auto resampler = VariableRateResampler::create(48000, 1, 48000).value();
    Collected out;
    while (card.now() < 1) ASSERT_TRUE(resampler.write(card.record(1000, 48000 * 1.0001), out.sink()));
    ASSERT_TRUE(resampler.finish(out.sink()));
    EXPECT_NEAR(static_cast<double>(out.samples.size()), card.now() * 48000, 0.51);
    EXPECT_LT(worst_difference(out.samples, 48000, kSine, 0, out.samples.size() - 100), kTwoMicroseconds);
}

TEST(VariableRateResampler, DoesNotGoBackForARunThatOverlaps) {
    SoundCard card(0, kSine);
    auto resampler = VariableRateResampler::create(48000, 1, 48000).value();
    Collected out;
    ASSERT_TRUE(resampler.write(card.record(4800, 48000, true), out.sink()));
    card.skip(-0.05);
    ASSERT_TRUE(resampler.write(card.record(4800, 48000, true), out.sink()));
    ASSERT_TRUE(resampler.finish(out.sink()));
    EXPECT_EQ(out.samples.size(), 7200U);
    EXPECT_LT(worst_difference(out.samples, 48000, kSine, 100, 4700), kTwoMicroseconds);
    EXPECT_LT(worst_difference(out.samples, 48000, kSine, 4900, 7100), kTwoMicroseconds);
}

TEST(VariableRateResampler, KeepsChannelsApart) {
    TimedAudio run;
    run.channels = 3;
    run.after_gap = true;
    run.end = MediaTime(Duration(kSecond / 10));
    for (int i = 0; i < 4800; ++i) {
        run.samples.push_back(8192);
        run.samples.push_back(-16384);
        run.samples.push_back(0);
    }
    auto resampler = VariableRateResampler::create(48000, 3, 48000).value();
    Collected out;
    ASSERT_TRUE(resampler.write(run, out.sink()));
    ASSERT_TRUE(resampler.finish(out.sink()));
    ASSERT_EQ(out.samples.size(), 14400U);
    EXPECT_NEAR(out.samples[3 * 2400], 0.25, 1e-5);
    EXPECT_NEAR(out.samples[3 * 2400 + 1], -0.5, 1e-5);
    EXPECT_EQ(out.samples[3 * 2400 + 2], 0.0F);
}

TEST(VariableRateResampler, KeepsLoudnessOverTheBand) {
    for (const double hz : {50.0, 1000.0, 8000.0, 15000.0, 20000.0}) {
        const auto tone = [hz](double t) { return 0.8 * std::sin(2 * std::numbers::pi * hz * t); };
        SoundCard card(0, tone);
        auto resampler = VariableRateResampler::create(48000, 1, 48000).value();
        Collected out;
        while (card.now() < 1) ASSERT_TRUE(resampler.write(card.record(1024, 48000 * 1.0005), out.sink()));
        ASSERT_TRUE(resampler.finish(out.sink()));
        EXPECT_LT(worst_difference(out.samples, 48000, tone, 200, out.samples.size() - 200), 0.002) << hz << " Hz";
    }
}

TEST(VariableRateResampler, ConvertsBetweenRates) {
    for (const auto& [in, to] : {std::pair{16000, 48000}, std::pair{44100, 48000}, std::pair{48000, 16000}}) {
        SoundCard card(0.1, kSine);
        auto resampler = VariableRateResampler::create(in, 1, to).value();
        Collected out;
        while (card.now() < 2) ASSERT_TRUE(resampler.write(card.record(512, in * 0.9999), out.sink()));
        ASSERT_TRUE(resampler.finish(out.sink()));
        const auto margin = static_cast<std::size_t>(to / 100);
        EXPECT_LT(worst_difference(out.samples, to, kSine, static_cast<std::size_t>(to) / 10 + margin,
                                   out.samples.size() - margin),
                  2 * kTwoMicroseconds)
            << in << " to " << to;
    }
    // A tone above 8 kHz must not alias to another one.
    SoundCard card(0, [](double t) { return 0.8 * std::sin(2 * std::numbers::pi * 11000 * t); });
    auto resampler = VariableRateResampler::create(48000, 1, 16000).value();
    Collected out;
    while (card.now() < 1) ASSERT_TRUE(resampler.write(card.record(512, 48000), out.sink()));
    ASSERT_TRUE(resampler.finish(out.sink()));
    for (std::size_t k = 200; k + 200 < out.samples.size(); ++k) ASSERT_LT(std::abs(out.samples[k]), 0.001F);
}

TEST(VariableRateResampler, StaysExactAfterManyHours) {
    constexpr double kHours = 30 * 3600.0;
    constexpr std::int64_t kFirst = 30LL * 3600 * 8000;
    SoundCard card(kHours, [](double t) { return kSine(t - kHours); });
    auto resampler = VariableRateResampler::create(8000, 1, 8000).value();
    std::vector<float> samples;
    const SampleSink sink = [&](std::span<const float> piece) {
        if (resampler.samples_out() >= kFirst) samples.insert(samples.end(), piece.begin(), piece.end());
        return Status{};
    };
    while (card.now() < kHours + 1) ASSERT_TRUE(resampler.write(card.record(500, 8000 * 1.001), sink));
    ASSERT_GT(samples.size(), 7500U);
    EXPECT_LT(worst_difference(samples, 8000, kSine, 100, 7500), kTwoMicroseconds);
}

TEST(VariableRateResampler, RefusesInvalidRuns) {
    auto resampler = VariableRateResampler::create(48000, 1, 48000).value();
    Collected out;
    TimedAudio run;
    run.samples.assign(100, 0);
    run.begin = run.end = MediaTime(Duration(5));
    EXPECT_EQ(resampler.write(run, out.sink()).error().code, ErrorCode::invalid_argument);
    run.end += Duration(kSecond);
    run.channels = 2;
    EXPECT_EQ(resampler.write(run, out.sink()).error().code, ErrorCode::invalid_argument);
    EXPECT_FALSE(VariableRateResampler::create(0, 1, 48000));
}

TEST(VariableRateResampler, ReturnsTheErrorOfItsSink) {
    auto resampler = VariableRateResampler::create(48000, 1, 48000).value();
    SoundCard card(1, kSine);
    const SampleSink full = [](std::span<const float>) -> Status { return fail(ErrorCode::no_space, "full"); };
    EXPECT_EQ(resampler.write(card.record(100, 48000, true), full).error().code, ErrorCode::no_space);
}

TEST(VariableRateResampler, CopiesSamplesBitForBitOnRequest) {
    auto resampler = VariableRateResampler::create(44100, 2, 44100).value();
    Collected collected;
    // Begins 3 samples before media time 0; a gap of 1000 between its two runs.
    std::vector<std::int16_t> wanted;
    std::int64_t at = -3;
    for (const std::int64_t gap : {0, 1000}) {
        TimedAudio run;
        run.channels = 2;
        for (int i = 0; i < 40000; ++i)
            for (const int channel : {1, -1})
                run.samples.push_back(static_cast<std::int16_t>(channel * (i * 7919 % 65521 - 32760)));
        at += gap;
        run.kept_at = at;
        run.begin = MediaTime(from_ticks(at, 44100));
        at += 40000;
        run.end = MediaTime(from_ticks(at, 44100));
        ASSERT_TRUE(resampler.write(run, collected.sink()));
        wanted.insert(wanted.end(), static_cast<std::size_t>(2 * gap), 0);
        wanted.insert(wanted.end(), run.samples.begin() + (gap == 0 ? 6 : 0), run.samples.end());
    }
    ASSERT_TRUE(resampler.finish(collected.sink()));
    EXPECT_EQ(resampler.samples_out(), at);
    std::vector<std::int16_t> got;
    for (const float v : collected.samples) got.push_back(static_cast<std::int16_t>(v * 32768.0F));
    EXPECT_EQ(got, wanted);
}

}  // namespace
}  // namespace onetake
