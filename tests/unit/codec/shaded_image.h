#pragma once

#include "codec/planar_image.h"
#include "media/frame.h"

#include <cmath>
#include <cstdint>
#include <vector>

namespace onetake::testing {

/// An image with shades in it, different in every frame `n`, with sizes that need not be even.
inline PlanarImage shaded_image(int width, int height, Chroma chroma, BufferPool& pool, int n = 0,
                                ColorInfo color = {}) {
    auto image = make_planar(width, height, chroma, color, pool);
    const bool full = color.range == ColorRange::full;
    for (int i = 0; i < image.planes(); ++i) {
        const int columns = i == 0 ? width : chroma_width(chroma, width);
        const int rows = i == 0 ? height : chroma_height(chroma, height);
        auto* plane = image.writable_plane(i);
        for (int y = 0; y < rows; ++y)
            for (int x = 0; x < columns; ++x) {
                const double shade =
                    0.5 + 0.4 * std::sin(6.0 * x / columns + 0.3 * n + i) * std::cos(4.0 * y / rows + i);
                plane[y * image.stride[static_cast<std::size_t>(i)] + x] =
                    static_cast<std::uint8_t>(std::lround(full ? 255 * shade : 16 + (i == 0 ? 219 : 224) * shade));
            }
    }
    return image;
}

/// Mean absolute difference of one plane of two images of the same layout.
inline double plane_difference(const PlanarImage& a, const PlanarImage& b, int i) {
    const int columns = i == 0 ? a.width : chroma_width(a.chroma, a.width);
    const int rows = i == 0 ? a.height : chroma_height(a.chroma, a.height);
    const auto at = static_cast<std::size_t>(i);
    double sum = 0;
    for (int y = 0; y < rows; ++y)
        for (int x = 0; x < columns; ++x)
            sum += std::abs(a.plane(i)[y * a.stride[at] + x] - b.plane(i)[y * b.stride[at] + x]);
    return sum / columns / rows;
}

/// The image as a raw frame of one of the YUV layouts, rows `extra` bytes apart beyond what they need. The image must
/// have the chroma of the format.
inline Frame as_frame(const PlanarImage& image, PixelFormat format, int extra = 0) {
    Frame frame;
    frame.format = format;
    frame.width = image.width;
    frame.height = image.height;
    frame.stride = tight_stride(format, image.width) + extra;
    if (format == PixelFormat::nv12) frame.stride += frame.stride % 2;
    frame.color = image.color;
    std::vector<std::uint8_t> bytes(frame_bytes(format, frame.stride, frame.height) + 2);
    const auto sample = [&](int i, int x, int y) {
        return image.plane(i)[y * image.stride[static_cast<std::size_t>(i)] + x];
    };
    const int half_width = (image.width + 1) / 2;
    const auto put = [&](int at, std::uint8_t value) { bytes[static_cast<std::size_t>(at)] = value; };
    for (int y = 0; y < image.height; ++y)
        for (int x = 0; x < image.width; ++x)
            put(y * frame.stride + (format == PixelFormat::yuyv ? 2 * x : x), sample(0, x, y));
    const int behind = frame.stride * frame.height;
    if (format == PixelFormat::yuyv) {
        for (int y = 0; y < image.height; ++y)
            for (int x = 0; x < half_width; ++x) {
                put(y * frame.stride + 4 * x + 1, sample(1, x, y));
                put(y * frame.stride + 4 * x + 3, sample(2, x, y));
            }
    } else {
        const int columns = chroma_width(image.chroma, image.width), rows = chroma_height(image.chroma, image.height);
        const int stride = plane_stride(format, 1, frame.stride);
        for (int y = 0; y < rows; ++y)
            for (int x = 0; x < columns; ++x) {
                if (format == PixelFormat::nv12) {
                    put(behind + y * frame.stride + 2 * x, sample(1, x, y));
                    put(behind + y * frame.stride + 2 * x + 1, sample(2, x, y));
                } else {
                    put(behind + y * stride + x, sample(1, x, y));
                    put(behind + (y + rows) * stride + x, sample(2, x, y));
                }
            }
    }
    frame.bytes = Buffer(std::move(bytes));
    return frame;
}

}  // namespace onetake::testing
