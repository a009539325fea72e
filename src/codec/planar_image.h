#pragma once

#include "media/buffer.h"
#include "media/frame.h"
#include "media/jpeg_info.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace onetake {

/// An 8-bit picture in separate Y, U and V planes: what JPEGs decode to and video encoders take. Move-only, owns its
/// bytes. Every plane has room for the next even number of columns and rows (what lies there is undefined), so that
/// encoders which only take even sizes can fill it up in place.
struct PlanarImage {
    int width = 0, height = 0;  ///< pixels
    Chroma chroma = Chroma::s420;
    ColorInfo color;
    std::array<std::size_t, 3> offset{};  ///< of each plane in `bytes`
    std::array<int, 3> stride{};          ///< bytes from one row of a plane to its next
    Buffer bytes;

    int planes() const { return chroma == Chroma::gray ? 1 : 3; }
    const std::uint8_t* plane(int i) const { return bytes.data() + offset[static_cast<std::size_t>(i)]; }
    std::uint8_t* writable_plane(int i) { return bytes.writable() + offset[static_cast<std::size_t>(i)]; }
};

/// Columns of a chroma plane for a picture `width` wide; 0 for gray.
int chroma_width(Chroma chroma, int width);
/// Rows of a chroma plane for a picture `height` high; 0 for gray.
int chroma_height(Chroma chroma, int height);

/// A picture with undefined contents, rows aligned for vector code. `width` and `height` must be positive.
PlanarImage make_planar(int width, int height, Chroma chroma, ColorInfo color, BufferPool& pool);

/// Reduces or extends chroma to 4:2:0 in place, each new value the mean of those it covers; gray becomes neutral.
/// A picture that is 4:2:0 already passes through untouched.
PlanarImage to_420(PlanarImage image, BufferPool& pool);

/// Converts the value range in place; a picture that has it already passes through untouched.
PlanarImage to_range(PlanarImage image, ColorRange range);

/// Fills an odd last column and row up to the next even number by repeating the edge. Only for 4:2:0.
void pad_to_even(PlanarImage& image);

/// One plane of `width` x `height` from limited to full range or back; `from` and `to` may be the same plane.
void convert_range(const std::uint8_t* from, int from_stride, std::uint8_t* to, int to_stride, int width, int height,
                   bool is_chroma, ColorRange range);

}  // namespace onetake
