#include "codec/planar_scale.h"

#include <algorithm>
#include <cstring>
#include <libyuv.h>

namespace onetake {

namespace {

// Where the scaled image lies. Its place is even, so that subsampled chroma begins on a whole sample.
struct Place {
    int x = 0, y = 0, width = 0, height = 0;
};

Place place_in(int from_width, int from_height, int width, int height) {
    const auto scaled = [](int side, int numerator, int denominator) {
        return std::max(
            1, static_cast<int>((static_cast<std::int64_t>(side) * numerator + denominator / 2) / denominator));
    };
    Place place{0, 0, width, height};
    if (static_cast<std::int64_t>(from_width) * height > static_cast<std::int64_t>(width) * from_height)
        place.height = std::min(height, scaled(from_height, width, from_width));
    else
        place.width = std::min(width, scaled(from_width, height, from_height));
    place.x = (width - place.width) / 4 * 2;
    place.y = (height - place.height) / 4 * 2;
    return place;
}

// Black, in samples of `bytes` each, low byte first.
void fill_plane(std::uint8_t* plane, int stride, int columns, int rows, int bytes, int value) {
    for (int y = 0; y < rows; ++y, plane += stride) {
        if (bytes == 1)
            std::memset(plane, value, static_cast<std::size_t>(columns));
        else
            std::memset(plane, 0, static_cast<std::size_t>(columns) * 2);  // of 16 bits there is only gray
    }
}

}  // namespace

PlanarImage scale_to_fit(PlanarImage image, int width, int height, BufferPool& pool) {
    if (image.width == width && image.height == height) return image;
    const auto place = place_in(image.width, image.height, width, height);
    auto scaled = make_planar(width, height, image.chroma, image.color, pool, image.bytes_per_sample);
    for (int i = 0; i < image.planes(); ++i) {
        const auto at = static_cast<std::size_t>(i);
        const int bytes = image.bytes_per_sample;
        const int black = i > 0 ? 128 : image.color.range == ColorRange::limited ? 16 : 0;
        fill_plane(scaled.writable_plane(i), scaled.stride[at], scaled.columns(i), scaled.rows(i), bytes, black);
        const bool chroma = i > 0;
        const int x = chroma ? chroma_width(image.chroma, place.x) : place.x;
        const int y = chroma ? chroma_height(image.chroma, place.y) : place.y;
        const int columns = chroma ? chroma_width(image.chroma, place.width) : place.width;
        const int rows = chroma ? chroma_height(image.chroma, place.height) : place.height;
        auto* to = scaled.writable_plane(i) + static_cast<std::ptrdiff_t>(y) * scaled.stride[at] + x * bytes;
        if (bytes == 1)
            libyuv::ScalePlane(image.plane(i), image.stride[at], image.columns(i), image.rows(i), to, scaled.stride[at],
                               columns, rows, libyuv::kFilterBox);
        else
            libyuv::ScalePlane_16(reinterpret_cast<const std::uint16_t*>(image.plane(i)), image.stride[at] / 2,
                                  image.columns(i), image.rows(i), reinterpret_cast<std::uint16_t*>(to),
                                  scaled.stride[at] / 2, columns, rows, libyuv::kFilterBox);
    }
    return scaled;
}

}  // namespace onetake
