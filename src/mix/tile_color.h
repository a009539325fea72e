#pragma once

#include "codec/planar_image.h"
#include "mix/tile_layout.h"

namespace onetake {

/// Converts a rectangle of an 8-bit 4:2:0 image in place, from the range and matrix `from` to the image's own.
void convert_tile(PlanarImage& image, const TileRect& tile, ColorInfo from);

/// Fills a rectangle of an 8-bit 4:2:0 image with a gray of `level`, 0 (black) to 255 (white) in full range.
void fill_tile(PlanarImage& image, const TileRect& tile, int level);

/// Where a plane's part of a tile begins.
std::uint8_t* tile_plane(PlanarImage& image, const TileRect& tile, int plane);

}  // namespace onetake
