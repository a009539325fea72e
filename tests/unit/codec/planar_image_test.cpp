#include "codec/planar_image.h"

#include "unit/codec/shaded_image.h"

#include <cmath>
#include <gtest/gtest.h>

namespace onetake {
namespace {

using testing::shaded_image;

TEST(PlanarImage, AveragesChromaWhenItIsHalved) {
    const auto pool = BufferPool::create(4);
    auto image = make_planar(5, 3, Chroma::s444, {}, *pool);
    for (int y = 0; y < 3; ++y)
        for (int x = 0; x < 5; ++x) {
            image.writable_plane(1)[y * image.stride[1] + x] = static_cast<std::uint8_t>(10 * x + 100 * (y % 2));
            image.writable_plane(2)[y * image.stride[2] + x] = 7;
        }
    const auto halved = to_420(std::move(image), *pool);
    const std::uint8_t expected[2][3] = {{55, 75, 90}, {5, 25, 40}};
    for (int y = 0; y < 2; ++y)
        for (int x = 0; x < 3; ++x) {
            EXPECT_EQ(halved.plane(1)[y * halved.stride[1] + x], expected[y][x]) << x << "," << y;
            EXPECT_EQ(halved.plane(2)[y * halved.stride[2] + x], 7);
        }
}

TEST(PlanarImage, KeepsAFlatColourFromEveryChroma) {
    const auto pool = BufferPool::create(4);
    for (const auto chroma : {Chroma::s420, Chroma::s422, Chroma::s440, Chroma::s411, Chroma::s444})
        for (const int width : {8, 9, 11}) {
            auto image = make_planar(width, 7, chroma, {}, *pool);
            for (int i = 1; i < 3; ++i)
                for (int y = 0; y < chroma_height(chroma, 7); ++y)
                    for (int x = 0; x < chroma_width(chroma, width); ++x)
                        image.writable_plane(i)[y * image.stride[static_cast<std::size_t>(i)] + x] =
                            static_cast<std::uint8_t>(60 * i);
            const auto made = to_420(std::move(image), *pool);
            EXPECT_EQ(made.chroma, Chroma::s420);
            for (int i = 1; i < 3; ++i)
                for (int y = 0; y < 4; ++y)
                    for (int x = 0; x < (width + 1) / 2; ++x)
                        ASSERT_EQ(made.plane(i)[y * made.stride[static_cast<std::size_t>(i)] + x], 60 * i);
        }
}

TEST(PlanarImage, GivesGrayImagesNeutralChroma) {
    const auto pool = BufferPool::create(4);
    auto gray = shaded_image(17, 5, Chroma::gray, *pool);
    const std::uint8_t corner = gray.plane(0)[4 * gray.stride[0] + 16];
    const auto made = to_420(std::move(gray), *pool);
    EXPECT_EQ(made.plane(0)[4 * made.stride[0] + 16], corner);
    EXPECT_EQ(made.plane(1)[2 * made.stride[1] + 8], 128);
    EXPECT_EQ(made.plane(2)[0], 128);
}

TEST(PlanarImage, ConvertsRangesWithinAStep) {
    for (int value = 0; value < 256; ++value) {
        const auto from = static_cast<std::uint8_t>(value);
        std::uint8_t luma = 0, chroma = 0;
        convert_range(&from, 1, &luma, 1, 1, 1, false, ColorRange::full);
        convert_range(&from, 1, &chroma, 1, 1, 1, true, ColorRange::full);
        EXPECT_NEAR(luma, std::clamp((value - 16) * 255.0 / 219, 0.0, 255.0), 0.6);
        EXPECT_NEAR(chroma, std::clamp((value - 128) * 255.0 / 224 + 128, 0.0, 255.0), 0.6);
        convert_range(&from, 1, &luma, 1, 1, 1, false, ColorRange::limited);
        convert_range(&from, 1, &chroma, 1, 1, 1, true, ColorRange::limited);
        EXPECT_NEAR(luma, value * 219.0 / 255 + 16, 0.6);
        EXPECT_NEAR(chroma, (value - 128) * 224.0 / 255 + 128, 0.6);
    }
    const std::uint8_t gray = 128;
    std::uint8_t neutral = 0;
    for (const auto range : {ColorRange::full, ColorRange::limited}) {
        convert_range(&gray, 1, &neutral, 1, 1, 1, true, range);
        EXPECT_EQ(neutral, 128);
    }
}

TEST(PlanarImage, RepeatsTheEdgeUpToEvenSizes) {
    const auto pool = BufferPool::create(4);
    auto image = shaded_image(7, 5, Chroma::s420, *pool);
    pad_to_even(image);
    const auto at = [&](int x, int y) { return image.plane(0)[y * image.stride[0] + x]; };
    for (int y = 0; y < 5; ++y) EXPECT_EQ(at(7, y), at(6, y));
    for (int x = 0; x < 8; ++x) EXPECT_EQ(at(x, 5), at(x, 4));
}

}  // namespace
}  // namespace onetake
