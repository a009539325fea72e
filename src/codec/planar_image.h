#pragma once

#include "media/buffer.h"
#include "media/frame.h"
#include "media/pixel_layout.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace onetake {

/// An image in separate Y, U and V planes: output of the JPEG decoder, input of video encoders. Move-only, owns its
/// bytes, or those of a frame (take_planar()), which must not be written. Every plane has room for the next even number
/// of columns and rows (contents undefined), so that it can be padded in place for encoders that only take even sizes.
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
    /// Not of an image with a frame's bytes.
    std::uint8_t* writable_plane(int i) { return bytes.writable() + offset[static_cast<std::size_t>(i)]; }
};

/// What every plane begins at a multiple of, and its rows: for SIMD. As many bytes behind the last may be read.
constexpr std::size_t kPlaneAlignment = 64;

/// An image with undefined contents. `width` and `height` must be positive. In 4:2:0 and 4:2:2 the rows of chroma are
/// half as far apart as those of luma, as in a frame.
PlanarImage make_planar(int width, int height, Chroma chroma, ColorInfo color, BufferPool& pool,
                        int bytes_per_sample = 1);

/// A copy with bytes of its own.
PlanarImage copied(const PlanarImage& image, BufferPool& pool);

/// Converts an image to 8-bit 4:2:0: chroma is averaged where it is reduced, gray gets neutral chroma, and of 16 bits
/// the high byte is kept. An 8-bit 4:2:0 image is returned unchanged.
PlanarImage to_420(PlanarImage image, BufferPool& pool);

/// Converts the value range of an 8-bit image in place (it must be writable); an image that has it already is returned
/// unchanged.
PlanarImage to_range(PlanarImage image, ColorRange range);

/// Pads the luma plane to even width and height by repeating the edge. Only for 4:2:0.
void pad_to_even(PlanarImage& image);

/// The high bytes of a plane of 16-bit samples (low byte first); strides in bytes. Returns `to`.
std::uint8_t* gray_from_16(const std::uint8_t* from, int from_stride, std::uint8_t* to, int to_stride, int width,
                           int height);

/// Converts one plane of `width` x `height` to `range` from the other one; `from` and `to` may be the same plane.
void convert_range(const std::uint8_t* from, int from_stride, std::uint8_t* to, int to_stride, int width, int height,
                   bool is_chroma, ColorRange range);

}  // namespace onetake
