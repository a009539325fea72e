#pragma once

#include "media/buffer.h"
#include "media/frame.h"
#include "media/pixel_layout.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace onetake {

/// A frame in separate Y, U and V planes: what JPEGs decode to and video encoders take. Move-only, owns its bytes.
/// Every plane has room for the next even number of columns and rows (what lies there is undefined), so that encoders
/// which only take even sizes can fill it up in place.
struct PlanarImage {
    int width = 0, height = 0;  ///< pixels
    Chroma chroma = Chroma::s420;
    int bytes_per_sample = 1;  ///< 2 (low byte first) only for gray
    ColorInfo color;
    std::array<std::size_t, 3> offset{};  ///< of each plane in `bytes`
    std::array<int, 3> stride{};          ///< bytes from one row of a plane to its next
    Buffer bytes;

    int planes() const { return chroma == Chroma::gray ? 1 : 3; }
    int columns(int i) const { return i == 0 ? width : chroma_width(chroma, width); }
    int rows(int i) const { return i == 0 ? height : chroma_height(chroma, height); }
    const std::uint8_t* plane(int i) const { return bytes.data() + offset[static_cast<std::size_t>(i)]; }
    std::uint8_t* writable_plane(int i) { return bytes.writable() + offset[static_cast<std::size_t>(i)]; }
};

/// A frame with undefined contents, rows aligned for vector code. `width` and `height` must be positive.
PlanarImage make_planar(int width, int height, Chroma chroma, ColorInfo color, BufferPool& pool,
                        int bytes_per_sample = 1);

/// Brings a frame to 8-bit 4:2:0: chroma is averaged where it is reduced, gray becomes neutral, and of 16 bits the high
/// ones are kept. A frame that is 8-bit 4:2:0 already passes through untouched.
PlanarImage to_420(PlanarImage image, BufferPool& pool);

/// Converts the value range in place, of 8-bit frames; a frame that has it already passes through untouched.
PlanarImage to_range(PlanarImage image, ColorRange range);

/// Fills an odd last column and row of the luma plane up to the next even number by repeating the edge. Only for 4:2:0.
void pad_to_even(PlanarImage& image);

/// The high bytes of a plane of 16-bit samples (low byte first); strides in bytes. Returns `to`.
std::uint8_t* gray_from_16(const std::uint8_t* from, int from_stride, std::uint8_t* to, int to_stride, int width,
                           int height);

/// One plane of `width` x `height` from limited to full range or back; `from` and `to` may be the same plane.
void convert_range(const std::uint8_t* from, int from_stride, std::uint8_t* to, int to_stride, int width, int height,
                   bool is_chroma, ColorRange range);

}  // namespace onetake
