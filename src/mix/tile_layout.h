#pragma once

#include <vector>

namespace onetake {

/// A rectangle of an image in pixels; all four are even, so that subsampled chroma begins on a whole sample.
struct TileRect {
    int x = 0, y = 0, width = 0, height = 0;
    bool operator==(const TileRect&) const = default;
};

/// Where each of several images lies in an image of `width` x `height`; `screens[i]`: whether image i is a screen
/// share. Without screen shares, or with nothing else, a grid of equal tiles, the last row centred; else the screen
/// shares take the left four fifths, the others share the rest. Tiles don't overlap. A tile that would have no pixels
/// is empty.
std::vector<TileRect> tile_layout(const std::vector<bool>& screens, int width, int height);

/// The largest rectangle of an image's proportions in `tile`, centred.
TileRect fit_in(const TileRect& tile, int image_width, int image_height);

}  // namespace onetake
