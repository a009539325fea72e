#include "media/test_pattern.h"

#include "media/sync_marks.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <vector>

namespace onetake {
namespace {

using namespace std::chrono_literals;

constexpr auto start = host_time_from_ns(5'000'000'000'123);

std::vector<std::uint8_t> brightness(const std::vector<std::uint8_t>& bgr, int width, int height, int stride) {
    std::vector<std::uint8_t> luma;
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            const auto* p = bgr.data() + static_cast<std::ptrdiff_t>(y) * stride + static_cast<std::ptrdiff_t>(x) * 3;
            luma.push_back(static_cast<std::uint8_t>((p[0] * 29 + p[1] * 150 + p[2] * 77) / 256));
        }
    return luma;
}

double mean(const std::vector<std::uint8_t>& v) {
    double sum = 0;
    for (auto b : v) sum += b;
    return sum / static_cast<double>(v.size());
}

TEST(TestScene, PutsFramesAtEvenInstantsForDays) {
    const TestScene scene{start, 30000.0 / 1001};
    EXPECT_EQ(scene.frame_time(0), start);
    EXPECT_EQ(scene.frame_time(30'000), start + 1001s);
    EXPECT_EQ(scene.frame_time(30'000 * 180), start + 1001s * 180);
    EXPECT_EQ(scene.first_frame_from(scene.frame_time(777)), 777);
    EXPECT_EQ(scene.first_frame_from(scene.frame_time(777) + 1ns), 778);
    EXPECT_EQ(scene.first_frame_from(start - 10s), 0);
}

TEST(TestScene, FlashesInTheFirstTenthOfEachSecond) {
    const TestScene scene{start, 30};
    for (std::int64_t n = 0; n < 300; ++n) EXPECT_EQ(scene.lit(n), n % 30 < 3) << n;
    const TestScene slow{start, 7};
    for (std::int64_t n = 0; n < 70; ++n) EXPECT_EQ(slow.lit(n), n % 7 == 0) << n;
    const TestScene sleepy{start, 0.4};
    EXPECT_EQ(sleepy.flash_start(0), start);
    EXPECT_EQ(sleepy.flash_start(1), std::nullopt);
    EXPECT_EQ(sleepy.flash_start(2), start + 2500ms);
}

TEST(TestPattern, CarriesItsFrameNumberAndStandsOutWhenItFlashes) {
    for (const auto& [width, height] : {std::pair{64, 48}, std::pair{641, 361}, std::pair{1280, 720}}) {
        const TestPattern pattern(width, height);
        const int stride = width * 3 + 5;
        std::vector<std::uint8_t> pixels(static_cast<std::size_t>(stride) * static_cast<std::size_t>(height), 0xAA);
        for (const std::int64_t number : {0, 1, 4711, 864'000, 0xFFFFFF}) {
            pattern.draw(number, false, pixels.data(), stride);
            const auto dark = brightness(pixels, width, height, stride);
            EXPECT_EQ(read_test_frame_number(dark.data(), width, height, width), number);
            pattern.draw(number, true, pixels.data(), stride);
            const auto lit = brightness(pixels, width, height, stride);
            EXPECT_EQ(read_test_frame_number(lit.data(), width, height, width), number);
            EXPECT_GT(mean(lit), mean(dark) + 80);
        }
        for (int y = 0; y < height; ++y)
            for (int i = width * 3; i < stride; ++i)
                ASSERT_EQ(pixels[static_cast<std::size_t>(y * stride + i)], 0xAA) << "wrote past the row";
    }
}

TEST(TestPattern, ReadsNoNumberFromAnyOtherFrame) {
    const std::vector<std::uint8_t> grey(320 * 240, 128);
    EXPECT_EQ(read_test_frame_number(grey.data(), 320, 240, 320), std::nullopt);
}

TEST(TestPattern, DrawsEachNumberDifferently) {
    const TestPattern pattern(320, 240);
    std::vector<std::uint8_t> one(320 * 240 * 3), other(one.size());
    pattern.draw(7, false, one.data(), 960);
    pattern.draw(7 + 120 * (std::int64_t{1} << 24), false, other.data(), 960);
    EXPECT_NE(one, other) << "the digits must differ where bar and squares repeat";
}

TEST(TestTone, BeepsWhenTheSceneFlashes) {
    for (const double fps : {30.0, 29.97, 24.0})
        for (const double ppm : {0.0, 300.0}) {
            const TestScene scene{start, fps};
            const TestTone tone(scene, 48000, 2, ppm);
            std::vector<std::int16_t> samples(2 * 48000 * 6);
            tone.fill(0, samples);
            std::vector<float> mono;
            for (std::size_t i = 0; i < samples.size(); i += 2) {
                ASSERT_EQ(samples[i], samples[i + 1]);
                mono.push_back(static_cast<float>(samples[i]) / 32768);
            }
            const auto beeps = find_beeps(mono, 48000);
            ASSERT_EQ(beeps.size(), 5U);
            for (std::size_t i = 0; i < beeps.size(); ++i) {
                const double beep_s = beeps[i] / (48000 * (1 + ppm * 1e-6));
                const auto flash = scene.flash_start(static_cast<std::int64_t>(i) + 1);
                ASSERT_TRUE(flash);
                EXPECT_NEAR(beep_s, to_seconds(*flash - start), 0.05e-3);
            }
        }
}

TEST(TestTone, IsTheSameHoweverItIsCutIntoBlocks) {
    const TestTone tone({start, 1.01}, 16000, 1);
    std::vector<std::int16_t> complete(16000 * 5), pieces(complete.size());
    tone.fill(0, complete);
    for (std::size_t i = 0; i < pieces.size(); i += 77)
        tone.fill(static_cast<std::int64_t>(i),
                  std::span(pieces).subspan(i, std::min<std::size_t>(77, pieces.size() - i)));
    EXPECT_EQ(complete, pieces);
}

TEST(TestTone, StampsSamplesWithTheCardsOwnPace) {
    const TestTone tone({start, 30}, 48000, 1, 100);
    EXPECT_EQ(tone.time_of(0), start);
    EXPECT_NEAR(to_seconds(tone.time_of(48000LL * 3600) - start), 3600 / 1.0001, 1e-8);
    EXPECT_EQ(tone.first_sample_from(tone.time_of(12345)), 12345);
    EXPECT_EQ(tone.first_sample_from(tone.time_of(12345) + 1ns), 12346);
}

}  // namespace
}  // namespace onetake
