#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace onetake {

/// Layout of an image's bytes. Planes follow each other without a gap.
enum class ImageFormat {
    bgr,   ///< 3 bytes per pixel, blue first
    rgb,   ///< 3 bytes per pixel, red first
    gray,  ///< 1 byte per pixel
    nv12,  ///< Y plane, then interleaved UV at half size each way; the UV rows are `stride` apart, too
    i420,  ///< Y, U, V planes, chroma at half size each way; chroma rows are (stride + 1) / 2 apart
};

/// An image that somebody else owns. Full range, BT.601, 8 bits per sample.
struct ImageView {
    int width = 0, height = 0;  ///< pixels
    int stride = 0;             ///< bytes from one row to the next of the first plane; 0: rows without padding
    std::span<const std::uint8_t> pixels;
    ImageFormat format = ImageFormat::bgr;
};

}  // namespace onetake
