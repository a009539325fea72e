#include "mix/tile_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace onetake {
namespace {

bool overlap(const TileRect& a, const TileRect& b) {
    return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

TEST(TileLayout, OneTileFillsTheImageTwoLieSideBySideAndFourMakeASquare) {
    EXPECT_THAT(tile_layout({false}, 1280, 720), testing::ElementsAre(TileRect{0, 0, 1280, 720}));
    EXPECT_THAT(tile_layout({false, false}, 1280, 720),
                testing::ElementsAre(TileRect{0, 0, 640, 720}, TileRect{640, 0, 640, 720}));
    EXPECT_THAT(tile_layout({false, false, false, false}, 1280, 720),
                testing::ElementsAre(TileRect{0, 0, 640, 360}, TileRect{640, 0, 640, 360}, TileRect{0, 360, 640, 360},
                                     TileRect{640, 360, 640, 360}));
}

TEST(TileLayout, TheLastRowIsCentred) {
    const auto tiles = tile_layout({false, false, false}, 1280, 720);
    EXPECT_EQ(tiles[2], (TileRect{320, 360, 640, 360}));
}

TEST(TileLayout, AScreenShareIsLargeBesideTheOthers) {
    const auto tiles = tile_layout({false, true, false}, 1280, 720);
    EXPECT_EQ(tiles[1], (TileRect{0, 0, 1024, 720}));
    EXPECT_EQ(tiles[0].x, 1024);
    EXPECT_EQ(tiles[2].x, 1024);
    EXPECT_EQ(tiles[0].height, 360);
}

TEST(TileLayout, TilesOfAnyNumberAreEvenInsideTheImageAndDoNotOverlap) {
    for (int count = 1; count <= 30; ++count)
        for (const int screens : {0, 1, 2}) {
            std::vector<bool> kinds(static_cast<std::size_t>(count), false);
            for (int s = 0; s < std::min(screens, count); ++s) kinds[static_cast<std::size_t>(s)] = true;
            const auto tiles = tile_layout(kinds, 854, 480);
            ASSERT_EQ(tiles.size(), kinds.size());
            for (std::size_t i = 0; i < tiles.size(); ++i) {
                const auto& t = tiles[i];
                EXPECT_EQ((t.x | t.y | t.width | t.height) % 2, 0);
                EXPECT_TRUE(t.x >= 0 && t.y >= 0 && t.width > 0 && t.height > 0 && t.x + t.width <= 854 &&
                            t.y + t.height <= 480)
                    << count << " tiles, number " << i;
                for (std::size_t k = 0; k < i; ++k)
                    EXPECT_FALSE(overlap(t, tiles[k])) << count << ": " << i << ", " << k;
            }
        }
}

TEST(TileLayout, MoreTilesThanPixelsAreEmpty) {
    const auto tiles = tile_layout(std::vector<bool>(1000, false), 16, 16);
    for (const auto& t : tiles)
        EXPECT_TRUE(t == TileRect{} || (t.width >= 2 && t.height >= 2 && t.x + t.width <= 16 && t.y + t.height <= 16));
    EXPECT_EQ(tiles.front() == TileRect{}, tiles.back() == TileRect{});
}

TEST(FitIn, APictureKeepsItsProportionsCentred) {
    EXPECT_EQ(fit_in({0, 0, 640, 720}, 1280, 720), (TileRect{0, 180, 640, 360}));
    EXPECT_EQ(fit_in({100, 50, 640, 360}, 480, 640), (TileRect{284, 50, 270, 360}));
    EXPECT_EQ(fit_in({0, 0, 640, 360}, 1920, 1080), (TileRect{0, 0, 640, 360}));
    EXPECT_EQ(fit_in({0, 0, 640, 360}, 10000, 1).height, 2);
}

}  // namespace
}  // namespace onetake
