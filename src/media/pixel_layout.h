#pragma once

#include <cstddef>
#include <string_view>

namespace onetake {

/// Layout of a raw frame's bytes. Rows are `stride` bytes apart; planes follow each other without a gap.
enum class PixelFormat {
    bgr24,   ///< 3 bytes per pixel, blue first
    rgb24,   ///< 3 bytes per pixel, red first
    gray8,   ///< 1 byte per pixel
    gray16,  ///< 2 bytes per pixel, low byte first
    yuyv,    ///< packed 4:2:2, Y0 U Y1 V
    nv12,    ///< Y plane, then interleaved UV at half size each way, same stride
    i420,    ///< Y, U, V planes, chroma at half size each way, chroma stride = (stride + 1) / 2
    i422,    ///< Y, U, V planes, chroma at half width, chroma stride = (stride + 1) / 2
    i444,    ///< Y, U, V planes of the same size and stride
    jpeg,    ///< a complete JPEG file, stored unchanged
};

/// How much smaller the chroma planes are than the luma plane (width x height).
enum class Chroma {
    gray,  ///< no chroma planes
    s420,  ///< half x half
    s422,  ///< half x full
    s440,  ///< full x half
    s411,  ///< quarter x full
    s444,  ///< full x full
    other,
};

/// Properties of one pixel format: a row of the table behind the functions below.
struct PixelLayout {
    PixelFormat format;
    std::string_view name;     ///< in messages
    std::string_view av_name;  ///< in libavutil
    Chroma chroma;             ///< RGB: s444
    int planes;                ///< 0 for jpeg
    int bytes_per_sample;
    int group_pixels, group_bytes;  ///< the first plane's rows consist of groups of this size
};

const PixelLayout& layout_of(PixelFormat format);
std::string_view to_string(PixelFormat format);

/// Columns of a chroma plane for a frame `width` wide; 0 for gray.
int chroma_width(Chroma chroma, int width);
/// Rows of a chroma plane for a frame `height` high; 0 for gray.
int chroma_height(Chroma chroma, int height);
/// libavutil's name for 8-bit planes of this sampling; `full_range` chooses the old "yuvj…" names, which MJPEG
/// streams have.
std::string_view av_planar_name(Chroma chroma, bool full_range = false);

/// Bytes of a row without padding; 0 for jpeg.
int tight_stride(PixelFormat format, int width);
/// Bytes from one row of plane `i` to the next, where the first plane's rows are `stride` bytes apart.
int plane_stride(PixelFormat format, int i, int stride);
/// Rows of plane `i` of a frame `height` high.
int plane_rows(PixelFormat format, int i, int height);
/// Bytes of a raw frame of these dimensions; 0 for jpeg or invalid dimensions.
std::size_t frame_bytes(PixelFormat format, int stride, int height);

}  // namespace onetake
