#include "codec/planar_image.h"

#include <algorithm>
#include <cstring>
#include <libyuv.h>

namespace onetake {

namespace {

std::size_t aligned(std::size_t n, std::size_t to) {
    return (n + to - 1) / to * to;
}

int even(int n) {
    return (n + 1) / 2 * 2;
}

// Products stay below 2^16, so that SSE2 handles eight and AVX2 sixteen values at a time. Largest error: 0.6 of a step.
std::uint8_t luma_to_full(std::uint8_t value) {
    const unsigned y = static_cast<unsigned>(std::min<std::uint8_t>(std::max<std::uint8_t>(value, 16), 235) - 16);
    return static_cast<std::uint8_t>(static_cast<std::uint16_t>(y * 298 + 128) >> 8);
}
std::uint8_t chroma_to_full(std::uint8_t value) {
    const unsigned c = static_cast<unsigned>(std::min<std::uint8_t>(std::max<std::uint8_t>(value, 16), 240) - 16);
    return static_cast<std::uint8_t>(static_cast<std::uint16_t>(c * 291 + (c * 7 >> 4) + 252) >> 8);
}
std::uint8_t luma_to_limited(std::uint8_t y) {
    return static_cast<std::uint8_t>(
        (static_cast<std::uint16_t>(static_cast<unsigned>(y) * 219 + (static_cast<unsigned>(y) * 7 >> 3) + 128) >> 8) +
        16);
}
std::uint8_t chroma_to_limited(std::uint8_t c) {
    return static_cast<std::uint8_t>(
        static_cast<std::uint16_t>(static_cast<unsigned>(c) * 224 + (static_cast<unsigned>(c) * 7 >> 3) + 4111) >> 8);
}

template <class Map>
void map_plane(const std::uint8_t* from, int from_stride, std::uint8_t* to, int to_stride, int width, int height,
               Map map) {
    for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) to[x] = map(from[x]);
        from += from_stride;
        to += to_stride;
    }
}

// Repeats the last column and row of a plane up to the next even number.
void repeat_edge(std::uint8_t* plane, int stride, int width, int height) {
    if (width % 2 != 0)
        for (int y = 0; y < height; ++y) {
            std::uint8_t* end = plane + static_cast<std::ptrdiff_t>(y) * stride + width;
            end[0] = end[-1];
        }
    if (height % 2 != 0) {
        std::uint8_t* end = plane + static_cast<std::ptrdiff_t>(height) * stride;
        std::memcpy(end, end - stride, static_cast<std::size_t>(even(width)));
    }
}

}  // namespace

PlanarImage make_planar(int width, int height, Chroma chroma, ColorInfo color, BufferPool& pool, int bytes_per_sample) {
    PlanarImage image;
    image.width = width;
    image.height = height;
    image.chroma = chroma;
    image.bytes_per_sample = bytes_per_sample;
    image.color = color;
    std::size_t total = 0;
    for (std::size_t i = 0; i < static_cast<std::size_t>(image.planes()); ++i) {
        const int columns = image.columns(static_cast<int>(i)), rows = image.rows(static_cast<int>(i));
        // Decoders write up to three more columns (4:1:1); the alignment leaves room for them.
        const bool halved = chroma == Chroma::s420 || chroma == Chroma::s422;
        const std::size_t stride = halved && i > 0 ? static_cast<std::size_t>(image.stride[0]) / 2
                                                   : aligned(static_cast<std::size_t>(even(columns) * bytes_per_sample),
                                                             halved ? 2 * kPlaneAlignment : kPlaneAlignment);
        image.stride[i] = static_cast<int>(stride);
        image.offset[i] = total;
        total += stride * static_cast<std::size_t>(even(rows));
    }
    image.bytes = pool.take(total + 2 * kPlaneAlignment);
    const auto misaligned = reinterpret_cast<std::uintptr_t>(image.bytes.data()) % kPlaneAlignment;
    if (misaligned != 0)
        for (auto& offset : image.offset) offset += kPlaneAlignment - misaligned;
    return image;
}

std::uint8_t* gray_from_16(const std::uint8_t* from, int from_stride, std::uint8_t* to, int to_stride, int width,
                           int height) {
    constexpr int kHighByte = 256;  // libyuv's scale: 65536 / 256
    libyuv::Convert16To8Plane(reinterpret_cast<const std::uint16_t*>(from), from_stride / 2, to, to_stride, kHighByte,
                              width, height);
    return to;
}

PlanarImage copied(const PlanarImage& image, BufferPool& pool) {
    auto copy = make_planar(image.width, image.height, image.chroma, image.color, pool, image.bytes_per_sample);
    for (int i = 0; i < image.planes(); ++i) {
        const auto at = static_cast<std::size_t>(i);
        libyuv::CopyPlane(image.plane(i), image.stride[at], copy.writable_plane(i), copy.stride[at],
                          image.columns(i) * image.bytes_per_sample, image.rows(i));
    }
    return copy;
}

PlanarImage to_420(PlanarImage image, BufferPool& pool) {
    if (image.chroma == Chroma::s420) return image;
    auto made = make_planar(image.width, image.height, Chroma::s420, image.color, pool);
    if (image.bytes_per_sample == 2)
        gray_from_16(image.plane(0), image.stride[0], made.writable_plane(0), made.stride[0], image.width,
                     image.height);
    else
        libyuv::CopyPlane(image.plane(0), image.stride[0], made.writable_plane(0), made.stride[0], image.width,
                          image.height);
    constexpr std::uint32_t kNeutral = 128;
    for (int i = 1; i < 3; ++i) {
        const auto stride = made.stride[static_cast<std::size_t>(i)];
        if (image.chroma == Chroma::gray) {
            libyuv::SetPlane(made.writable_plane(i), stride, made.columns(i), made.rows(i), kNeutral);
            continue;
        }
        // Scale an even number of columns and rows to exactly half or double, so that no sample moves: libyuv would
        // stretch an odd number over its half, rounded up. Both images have room for the padding.
        const auto from_stride = image.stride[static_cast<std::size_t>(i)];
        const int columns = image.columns(i), rows = image.rows(i);
        repeat_edge(image.writable_plane(i), from_stride, columns, rows);
        const bool halve_columns = image.chroma == Chroma::s444 || image.chroma == Chroma::s440;
        const int from_columns = halve_columns ? even(columns) : columns;
        const int to_columns = image.chroma == Chroma::s411 ? 2 * columns : from_columns / (halve_columns ? 2 : 1);
        const bool halve_rows = image.chroma != Chroma::s440;
        const int from_rows = halve_rows ? even(rows) : rows;
        libyuv::ScalePlane(image.plane(i), from_stride, from_columns, from_rows, made.writable_plane(i), stride,
                           to_columns, from_rows / (halve_rows ? 2 : 1), libyuv::kFilterBilinear);
    }
    return made;
}

void convert_range(const std::uint8_t* from, int from_stride, std::uint8_t* to, int to_stride, int width, int height,
                   bool is_chroma, ColorRange range) {
    const auto run = [&](auto map) { map_plane(from, from_stride, to, to_stride, width, height, map); };
    if (range == ColorRange::full) {
        if (is_chroma)
            run([](std::uint8_t v) { return chroma_to_full(v); });
        else
            run([](std::uint8_t v) { return luma_to_full(v); });
    } else {
        if (is_chroma)
            run([](std::uint8_t v) { return chroma_to_limited(v); });
        else
            run([](std::uint8_t v) { return luma_to_limited(v); });
    }
}

PlanarImage to_range(PlanarImage image, ColorRange range) {
    if (image.color.range == range) return image;
    for (int i = 0; i < image.planes(); ++i) {
        const auto stride = image.stride[static_cast<std::size_t>(i)];
        convert_range(image.plane(i), stride, image.writable_plane(i), stride, image.columns(i), image.rows(i), i > 0,
                      range);
    }
    image.color.range = range;
    return image;
}

void pad_to_even(PlanarImage& image) {
    repeat_edge(image.writable_plane(0), image.stride[0], image.width, image.height);
}

}  // namespace onetake
