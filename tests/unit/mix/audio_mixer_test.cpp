#include "mix/audio_mixer.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <numbers>
#include <random>

namespace onetake {
namespace {

constexpr int kRate = 48000;
constexpr std::int64_t kRamp = 240, kAhead = 240;  // 5 ms each
constexpr std::int64_t kEnd = 1 << 30;

AudioMixer::Options options(int channels = 1) {
    AudioMixer::Options o;
    o.sample_rate = kRate;
    o.channels = channels;
    return o;
}

std::vector<float> sine(double frequency, double amplitude, int samples) {
    std::vector<float> made(static_cast<std::size_t>(samples));
    for (int i = 0; i < samples; ++i)
        made[static_cast<std::size_t>(i)] =
            static_cast<float>(amplitude * std::sin(2 * std::numbers::pi * frequency * i / kRate));
    return made;
}

std::vector<std::int16_t> noise(int amplitude, int samples, unsigned seed) {
    std::mt19937 random(seed);
    std::vector<std::int16_t> made(static_cast<std::size_t>(samples));
    for (auto& s : made)
        s = static_cast<std::int16_t>(static_cast<int>(random() % static_cast<unsigned>(2 * amplitude + 1)) -
                                      amplitude);
    return made;
}

double peak(const std::vector<float>& samples) {
    double most = 0;
    for (const float s : samples) most = std::max(most, std::abs(double{s}));
    return most;
}

TEST(AudioMixer, BelowTheThresholdTheOutputIsTheSumSampleForSampleAtItsPlace) {
    AudioMixer mixer(options());
    const auto a = noise(12000, 48000, 1), b = noise(12000, 40000, 2);
    const auto first = mixer.add(1, 0), second = mixer.add(1, 0);
    mixer.write(first, 0, a);
    mixer.write(second, 1000, b);
    std::vector<std::int16_t> out;
    mixer.finish(out);
    ASSERT_EQ(out.size(), 48000U);
    for (std::size_t i = kRamp; i + kRamp < a.size(); ++i) {
        const bool ramps = (i >= 1000 && i < 1000 + kRamp) || (i >= 41000 - kRamp && i < 41000);
        if (ramps) continue;
        const int sum = a[i] + (i >= 1000 && i < 41000 ? b[i - 1000] : 0);
        ASSERT_EQ(out[i], sum) << i;
    }
}

TEST(AudioMixer, LoudSumsStayUnderTheThresholdWithoutClippingAndQuietPartsStayExact) {
    AudioMixer mixer(options());
    // Three times 0.8 for a second, in the middle of three seconds at 0.1.
    const int length = 3 * kRate;
    std::vector<std::vector<float>> tracks;
    for (const double frequency : {220.0, 331.0, 447.0}) {
        auto t = sine(frequency, 0.1, length);
        for (std::size_t i = kRate; i < 2 * kRate; ++i) t[i] *= 8;
        tracks.push_back(t);
        const auto id = mixer.add(1, 0);
        mixer.write(id, 0, tracks.back());
    }
    std::vector<float> out;
    mixer.finish(out);
    std::vector<float> sum(out.size());
    for (std::size_t i = 0; i < sum.size(); ++i)
        sum[i] = static_cast<float>(double{tracks[0][i]} + double{tracks[1][i]} + double{tracks[2][i]});
    EXPECT_GT(peak(sum), 2);
    EXPECT_LE(peak(out), 0.95 + 1e-6);
    EXPECT_GT(peak(out), 0.9) << "not lowered more than needed";
    const auto recovered = static_cast<std::size_t>(2 * kRate + kRate / 4);  // release and look-ahead are over
    for (std::size_t i = kRamp; i + kRamp < sum.size(); ++i) {
        if (i < static_cast<std::size_t>(kRate - kAhead) || i > recovered)
            ASSERT_NEAR(out[i], sum[i], 1e-7) << i;
        else  // lowered, never turned or cut: the same sign, and a gain that changes slowly
            ASSERT_GE(out[i] * sum[i], 0) << i;
    }
    double gain_before = 1;
    for (std::size_t i = kRate - kAhead; i < 2 * kRate; ++i) {
        if (std::abs(sum[i]) < 0.01F) continue;
        const double gain = double{out[i]} / double{sum[i]};
        EXPECT_LT(std::abs(gain - gain_before), 0.2) << i;
        gain_before = gain;
    }
}

TEST(AudioMixer, APeakInTheFirstSampleIsHeldToo) {
    auto o = options();
    o.ramp = Duration::zero();
    AudioMixer mixer(o);
    const auto track = mixer.add(1, 0);
    std::vector<float> loud(1000, 0.1F);
    loud[0] = 4;
    loud[999] = -3;
    mixer.write(track, 0, loud);
    std::vector<float> out;
    mixer.finish(out);
    ASSERT_EQ(out.size(), 1000U);
    EXPECT_LE(peak(out), 0.95 + 1e-6);
    EXPECT_NEAR(out[0], 0.95, 1e-3);
    EXPECT_NEAR(out[999], -0.95, 1e-3);
}

// The mix of three tracks with gaps, written and taken in blocks of random sizes.
std::vector<float> mixed_in_blocks(unsigned seed) {
    struct Piece {
        AudioMixer::Track track;
        std::int64_t at;
        std::vector<std::int16_t> samples;  // stereo
        std::size_t done = 0;
    };
    AudioMixer mixer(options(2));
    std::vector<Piece> pieces;
    for (int t = 0; t < 3; ++t) {
        const auto track = mixer.add(2, 0);
        pieces.push_back({track, 0, noise(30000, 12000, 10 + static_cast<unsigned>(t))});
        pieces.push_back({track, 7000 + 100 * t, noise(30000, 14000, 20 + static_cast<unsigned>(t))});
    }
    std::mt19937 random(seed);
    std::vector<float> out;
    for (bool left = true; left;) {
        left = false;
        for (std::size_t p = 0; p < pieces.size(); ++p) {
            auto& piece = pieces[p];
            if (p % 2 == 1 && pieces[p - 1].done < pieces[p - 1].samples.size()) {
                left = true;
                continue;
            }
            const auto frames = seed == 0 ? piece.samples.size() / 2 : random() % 700;
            const auto count = std::min(frames * 2, piece.samples.size() - piece.done);
            mixer.write(piece.track, piece.at + static_cast<std::int64_t>(piece.done / 2),
                        std::span<const std::int16_t>(piece.samples).subspan(piece.done, count));
            piece.done += count;
            left = left || piece.done < piece.samples.size();
        }
        if (seed != 0) mixer.take(mixer.position() + static_cast<std::int64_t>(random() % 900), out);
    }
    mixer.finish(out);
    return out;
}

TEST(AudioMixer, TheSizesOfBlocksChangeNothing) {
    const auto whole = mixed_in_blocks(0);
    EXPECT_EQ(whole.size(), 2U * (7200 + 7000));
    EXPECT_GT(peak(whole), 0.9);
    for (const unsigned seed : {1U, 2U, 3U}) EXPECT_EQ(mixed_in_blocks(seed), whole) << seed;
}

TEST(AudioMixer, JoiningAndLeavingDoNotClick) {
    AudioMixer mixer(options());
    const auto track = mixer.add(1, 0);
    const std::vector<float> constant(4000, 0.5F);  // the worst case: a step
    mixer.write(track, 1000, constant);
    mixer.advance(track, 6000);
    mixer.write(track, 7000, constant);
    std::vector<float> out;
    mixer.finish(out);
    ASSERT_EQ(out.size(), 11000U);
    double step = 0;
    for (std::size_t i = 1; i < out.size(); ++i) step = std::max(step, std::abs(double{out[i]} - double{out[i - 1]}));
    EXPECT_LT(step, 0.5 * 2 / kRamp);
    EXPECT_FLOAT_EQ(out[3000], 0.5F);
    EXPECT_FLOAT_EQ(out[5500], 0.0F);
    EXPECT_LT(std::abs(out.back()), 0.001F);
}

TEST(AudioMixer, OnlyWhatNoTrackCanChangeAnyMoreIsTaken) {
    AudioMixer mixer(options());
    const auto a = mixer.add(1, 0), b = mixer.add(1, 0);
    mixer.write(a, 0, std::vector<float>(10000, 0.1F));
    std::vector<float> out;
    mixer.take(kEnd, out);
    EXPECT_TRUE(out.empty()) << "the other track may begin at 0";
    mixer.advance(b, 5000);
    mixer.take(kEnd, out);
    EXPECT_EQ(out.size(), static_cast<std::size_t>(5000 - kAhead));
    mixer.end(b);
    mixer.take(kEnd, out);
    EXPECT_EQ(out.size(), static_cast<std::size_t>(10000 - kRamp - kAhead));
    EXPECT_EQ(mixer.position(), static_cast<std::int64_t>(out.size()));
    const auto late = mixer.add(1, 0);
    mixer.write(late, 0, std::vector<float>(1000, 0.1F));
    mixer.end(late);
    EXPECT_EQ(mixer.late(), 1000);
}

TEST(AudioMixer, WithoutTracksThereIsSilenceAsFarAsAsked) {
    AudioMixer mixer(options(2));
    std::vector<float> out;
    mixer.take(480, out);
    EXPECT_EQ(out, std::vector<float>(960, 0.0F));
}

// What a constant on each input channel, one after the other, becomes.
std::vector<float> mixed(int inputs, int outputs, int loud_channel) {
    auto o = options(outputs);
    o.ramp = Duration::zero();
    AudioMixer mixer(o);
    const auto track = mixer.add(inputs, 0);
    std::vector<float> samples(static_cast<std::size_t>(inputs) * 10, 0.0F);
    for (std::size_t i = 0; i < 10; ++i)
        samples[i * static_cast<std::size_t>(inputs) + static_cast<std::size_t>(loud_channel)] = 0.5F;
    mixer.write(track, 0, samples);
    std::vector<float> out;
    mixer.finish(out);
    out.resize(static_cast<std::size_t>(outputs));
    return out;
}

TEST(AudioMixer, ChannelsAreMixedDownAsUsual) {
    const auto near = [](const std::vector<float>& found, const std::vector<double>& wanted) {
        ASSERT_EQ(found.size(), wanted.size());
        for (std::size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], wanted[i], 1e-6) << i;
    };
    near(mixed(1, 2, 0), {0.5, 0.5});
    near(mixed(2, 1, 0), {0.25});
    near(mixed(2, 2, 1), {0, 0.5});
    const double share = 0.5 / (1 + std::numbers::sqrt2);  // left + 0.707 centre + 0.707 back must not exceed 1
    near(mixed(6, 2, 0), {share, 0});
    near(mixed(6, 2, 2), {share * std::numbers::sqrt2 / 2, share * std::numbers::sqrt2 / 2});
    near(mixed(6, 2, 3), {0, 0});
    near(mixed(6, 2, 5), {0, share * std::numbers::sqrt2 / 2});
    near(mixed(6, 6, 3), {0, 0, 0, 0.5, 0, 0});
    near(mixed(1, 6, 0), {0, 0, 0.5, 0, 0, 0});
    near(mixed(2, 6, 1), {0, 0.5, 0, 0, 0, 0});
    for (int inputs = 1; inputs <= kMostMixedChannels; ++inputs)
        for (const int outputs : {1, 2, 6}) {
            const auto matrix = channel_matrix(inputs, outputs);
            for (int o = 0; o < outputs; ++o) {
                double sum = 0;
                for (int i = 0; i < inputs; ++i) sum += matrix.at(o, i);
                EXPECT_LE(sum, 1 + 1e-9) << inputs << " to " << outputs;
            }
        }
}

TEST(AudioMixer, ValuesThatAreNoAudioAreSilent) {
    auto o = options();
    o.ramp = Duration::zero();
    AudioMixer mixer(o);
    const auto track = mixer.add(1, 0);
    mixer.write(track, 0, std::vector<float>{std::nanf(""), INFINITY, -1e30F, 0.25F});
    std::vector<float> out;
    mixer.finish(out);
    EXPECT_EQ(out, (std::vector<float>{0, 0, 0, 0.25F}));
}

}  // namespace
}  // namespace onetake
