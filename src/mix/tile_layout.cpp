#include "mix/tile_layout.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace onetake {

namespace {

constexpr int kScreenShareOfWidth = 80;  // percent

int even_floor(int n) {
    return n / 2 * 2;
}

// The k-th of n boundaries that divide `length`.
int boundary(int length, int k, int n) {
    return even_floor(static_cast<int>(std::int64_t{length} * k / n));
}

// The number of columns with which a picture of 16:9 is largest in each of `count` tiles; of equal ones, with fewest
// empty tiles, then the most.
int best_columns(int count, int width, int height) {
    int best = 1, fewest_empty = 0;
    double largest = -1;
    for (int columns = 1; columns <= count; ++columns) {
        const int rows = (count + columns - 1) / columns;
        const double size = std::min(width / (16.0 * columns), height / (9.0 * rows));
        const int empty = columns * rows - count;
        if (size > largest + 1e-9 || (size > largest - 1e-9 && empty <= fewest_empty)) {
            best = columns;
            largest = size;
            fewest_empty = empty;
        }
    }
    return best;
}

void lay_grid(const TileRect& area, const std::vector<std::size_t>& members, std::vector<TileRect>& tiles) {
    const int count = static_cast<int>(members.size());
    if (count == 0) return;
    const int columns = best_columns(count, area.width, area.height);
    const int rows = (count + columns - 1) / columns;
    for (int i = 0; i < count; ++i) {
        const int row = i / columns, column = i % columns;
        const int missing = row == rows - 1 ? columns * rows - count : 0;
        const int x = boundary(area.width, column, columns), y = boundary(area.height, row, rows);
        TileRect tile;
        tile.width = boundary(area.width, column + 1, columns) - x;
        tile.height = boundary(area.height, row + 1, rows) - y;
        tile.x = area.x + x + even_floor(missing * area.width / columns / 2);
        tile.y = area.y + y;
        if (tile.width < 2 || tile.height < 2) tile = {};
        tiles[members[static_cast<std::size_t>(i)]] = tile;
    }
}

}  // namespace

std::vector<TileRect> tile_layout(const std::vector<bool>& screens, int width, int height) {
    std::vector<std::size_t> large, small;
    for (std::size_t i = 0; i < screens.size(); ++i) (screens[i] ? large : small).push_back(i);
    std::vector<TileRect> tiles(screens.size());
    const TileRect all{0, 0, even_floor(width), even_floor(height)};
    if (large.empty() || small.empty()) {
        lay_grid(all, large.empty() ? small : large, tiles);
        return tiles;
    }
    const int split = boundary(width, kScreenShareOfWidth, 100);
    lay_grid({0, 0, split, all.height}, large, tiles);
    lay_grid({split, 0, all.width - split, all.height}, small, tiles);
    return tiles;
}

TileRect fit_in(const TileRect& tile, int image_width, int image_height) {
    TileRect place = tile;
    const auto scaled = [](int side, int numerator, int denominator) {
        const auto exact = (std::int64_t{side} * numerator + denominator / 2) / denominator;
        return std::max(2, even_floor(static_cast<int>(exact) + 1));
    };
    if (std::int64_t{image_width} * tile.height > std::int64_t{tile.width} * image_height)
        place.height = std::min(tile.height, scaled(image_height, tile.width, image_width));
    else
        place.width = std::min(tile.width, scaled(image_width, tile.height, image_height));
    place.x += (tile.width - place.width) / 4 * 2;
    place.y += (tile.height - place.height) / 4 * 2;
    return place;
}

}  // namespace onetake
