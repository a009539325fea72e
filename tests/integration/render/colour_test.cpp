#include "reference_decoder.h"
#include "support/temp_dir.h"

#include <onetake/config_fields.h>
#include <onetake/recorder.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>

namespace onetake {
namespace {

struct Rgb {
    int r, g, b;
};
constexpr std::array<Rgb, 8> kPatches{{{255, 0, 0},
                                       {0, 255, 0},
                                       {0, 0, 255},
                                       {255, 255, 255},
                                       {0, 0, 0},
                                       {64, 64, 64},
                                       {128, 128, 128},
                                       {200, 150, 120}}};
constexpr int kPatch = 80, kAcross = 4, kWidth = kPatch * kAcross, kHeight = 2 * kPatch;

std::size_t patch_at(int x, int y) {
    return static_cast<std::size_t>(y / kPatch * kAcross + x / kPatch);
}

/// BT.601 by its definition; `full`: 0 … 255, else 16 … 235 (240).
std::array<double, 3> yuv(Rgb c, bool full) {
    const double y = 0.299 * c.r + 0.587 * c.g + 0.114 * c.b;
    const double u = (c.b - y) / 1.772, v = (c.r - y) / 1.402;
    if (full) return {y, u + 128, v + 128};
    return {16 + y * 219 / 255, 128 + u * 224 / 255, 128 + v * 224 / 255};
}

class ColourTest : public ::testing::TestWithParam<PixelRange> {
 protected:
    std::string render() {
        RecorderConfig config;
        config.video.front().source = SourceKind::external;
        config.audio.front().source = SourceKind::external;
        config.audio.clear();
        config.data_dir = dir_.file("takes");
        config.processed_dir = dir_.file("rendered");
        config.encode.pixel_range = GetParam();
        std::vector<std::uint8_t> bgr;
        for (int y = 0; y < kHeight; ++y)
            for (int x = 0; x < kWidth; ++x) {
                const auto c = kPatches.at(patch_at(x, y));
                for (const int value : {c.b, c.g, c.r}) bgr.push_back(static_cast<std::uint8_t>(value));
            }
        auto recorder = AVRecorder::create(config).value();
        EXPECT_TRUE(recorder.start("t"));
        for (int i = 0; i < 5; ++i) EXPECT_TRUE(recorder.push_video({kWidth, kHeight, 0, bgr}));
        return recorder.stop().value().mp4_path;
    }
    // The middle of a patch, away from the blur of its edges.
    template <class Value>
    static double mean(Value value, std::size_t patch, int shrink = 1) {
        const int left = static_cast<int>(patch) % kAcross * kPatch, top = static_cast<int>(patch) / kAcross * kPatch;
        double sum = 0;
        int count = 0;
        for (int y = top + 20; y < top + kPatch - 20; y += shrink)
            for (int x = left + 20; x < left + kPatch - 20; x += shrink, ++count) sum += value(x / shrink, y / shrink);
        return sum / count;
    }

    TempDir dir_;
};

TEST_P(ColourTest, ComesOutAsItWasPushed) {
    const auto path = render();
    const bool full = GetParam() == PixelRange::full;
    const auto stream = reference::probe(path)["streams"][0];
    EXPECT_EQ(stream["color_range"], full ? "pc" : "tv");
    EXPECT_EQ(stream["color_space"], "smpte170m");
    EXPECT_EQ(stream["color_primaries"], "bt709");
    EXPECT_EQ(stream["color_transfer"], "bt709");
    EXPECT_EQ(stream["pix_fmt"], full ? "yuvj420p" : "yuv420p");

    // As a player shows it: the tags define the way back to RGB.
    const auto shown = reference::frames(path, "rgb24", 3 * kWidth * kHeight);
    ASSERT_EQ(shown.size(), 5U);
    double worst = 0;
    for (std::size_t p = 0; p < kPatches.size(); ++p) {
        const std::array<int, 3> want{kPatches.at(p).r, kPatches.at(p).g, kPatches.at(p).b};
        for (int i = 0; i < 3; ++i) {
            const double got = mean(
                [&](int x, int y) {
                    return static_cast<std::uint8_t>(shown[4][static_cast<std::size_t>(3 * (y * kWidth + x) + i)]);
                },
                p);
            worst = std::max(worst, std::abs(got - want.at(static_cast<std::size_t>(i))));
            EXPECT_NEAR(got, want.at(static_cast<std::size_t>(i)), 4) << "patch " << p << ", channel " << i;
        }
    }
    reference::figure(fmt::format("worst colour, {} range", full ? "full" : "limited"), worst, "of 255");
    // For the eye: a folder in this variable gets the first frame.
    if (const char* folder = std::getenv("ONETAKE_KEEP"))
        (void)reference::output_of(fmt::format("ffmpeg -v error -y -i 'file:{}' -frames:v 1 '{}/colour-{}.png'", path,
                                               folder, full ? "full" : "limited"));
}

// Without ffmpeg's opinion on tags: the stored values are those that the standard gives for the tagged range.
TEST_P(ColourTest, IsStoredInTheRangeItIsTaggedWith) {
    const auto path = render();
    const bool full = GetParam() == PixelRange::full;
    const auto stored = reference::frames(path, full ? "yuvj420p" : "yuv420p", kWidth * kHeight * 3 / 2);
    ASSERT_EQ(stored.size(), 5U);
    for (std::size_t p = 0; p < kPatches.size(); ++p) {
        const auto want = yuv(kPatches.at(p), full);
        const auto plane = [&](int offset, int stride) {
            return [&, offset, stride](int x, int y) {
                return static_cast<std::uint8_t>(stored[4][static_cast<std::size_t>(offset + y * stride + x)]);
            };
        };
        EXPECT_NEAR(mean(plane(0, kWidth), p), want[0], 2) << "Y of patch " << p;
        EXPECT_NEAR(mean(plane(kWidth * kHeight, kWidth / 2), p, 2), want[1], 2) << "U of patch " << p;
        EXPECT_NEAR(mean(plane(kWidth * kHeight * 5 / 4, kWidth / 2), p, 2), want[2], 2) << "V of patch " << p;
    }
}

INSTANTIATE_TEST_SUITE_P(Ranges, ColourTest, ::testing::Values(PixelRange::full, PixelRange::limited),
                         [](const auto& range) { return std::string(enum_name(range.param)); });

}  // namespace
}  // namespace onetake
