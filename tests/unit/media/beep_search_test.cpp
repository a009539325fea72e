#include "media/beep_search.h"

#include <cmath>
#include <gtest/gtest.h>
#include <numbers>

namespace onetake {
namespace {

using std::chrono::milliseconds;
constexpr double kRate = 16000;

std::vector<float> beeping(double seconds, const std::vector<double>& beeps) {
    std::vector<float> samples(static_cast<std::size_t>(seconds * kRate));
    for (const double beep : beeps)
        for (std::size_t i = 0; i < static_cast<std::size_t>(0.1 * kRate); ++i) {
            const auto at = static_cast<std::size_t>(beep * kRate) + i;
            samples[at] =
                0.4F * static_cast<float>(std::sin(2 * std::numbers::pi * 1000 * static_cast<double>(i) / kRate));
        }
    return samples;
}

Duration at(double s) {
    return Duration(std::llround(s * 1e9));
}

void expect_times(const std::vector<Duration>& found, const std::vector<double>& wanted) {
    ASSERT_EQ(found.size(), wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_NEAR(to_seconds(found[i]), wanted[i], 0.3e-3) << i;
}

TEST(BeepSearch, FindsEachBeepOnceHoweverTheAudioIsCut) {
    std::vector<double> beeps;
    for (int i = 1; i < 180; ++i) beeps.push_back(i);
    const auto samples = beeping(181, beeps);
    for (const std::size_t piece : {std::size_t{1000}, std::size_t{16000}, samples.size()}) {
        BeepSearch search(kRate);
        for (std::size_t from = 0; from < samples.size(); from += piece) {
            const auto count = std::min(piece, samples.size() - from);
            search.add({samples.data() + from, count}, at(static_cast<double>(from) / kRate),
                       at(static_cast<double>(from + count) / kRate));
        }
        expect_times(search.finish(), beeps);
    }
}

TEST(BeepSearch, UsesTheTimesOfEachBlock) {
    const auto samples = beeping(4, {1, 3});
    BeepSearch search(kRate);
    const auto half = samples.size() / 2;
    search.add({samples.data(), half}, at(10), at(12.002));  // a slow card
    search.add({samples.data() + half, half}, at(20), at(22), true);
    expect_times(search.finish(), {11.001, 21});
}

TEST(BeepSearch, FindsNothingWithoutAudio) {
    EXPECT_TRUE(BeepSearch(kRate).finish().empty());
    BeepSearch silence(kRate);
    silence.add(std::vector<float>(16000), at(0), at(1));
    EXPECT_TRUE(silence.finish().empty());
}

}  // namespace
}  // namespace onetake
