#include "codec/planar_image.h"

#include <algorithm>
#include <cstring>

namespace onetake {

namespace {

constexpr std::size_t kAlign = 64;

std::size_t aligned(std::size_t n) {
    return (n + kAlign - 1) / kAlign * kAlign;
}

int even(int n) {
    return (n + 1) / 2 * 2;
}

// Products stay below 2^16 so that eight (SSE2) or sixteen (AVX2) values are handled at a time; worst error 0.6 of a
// step.
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

// Halves a plane in place. Each output lies at or before the inputs it is made of, so nothing is overwritten too early.
void halve(std::uint8_t* plane, int stride, int width, int height, int across, int down) {
    const int new_width = (width + across - 1) / across, new_height = (height + down - 1) / down;
    for (int y = 0; y < new_height; ++y) {
        const std::uint8_t* upper = plane + static_cast<std::ptrdiff_t>(y) * down * stride;
        const std::uint8_t* lower = y * down + 1 < height && down == 2 ? upper + stride : upper;
        std::uint8_t* out = plane + static_cast<std::ptrdiff_t>(y) * stride;
        if (across == 1) {
            for (int x = 0; x < new_width; ++x) out[x] = static_cast<std::uint8_t>((upper[x] + lower[x] + 1) / 2);
            continue;
        }
        const auto pair = [](const std::uint8_t* row, std::ptrdiff_t x) { return row[2 * x] + row[2 * x + 1]; };
        for (int x = 0; x < width / 2; ++x)
            out[x] = static_cast<std::uint8_t>((pair(upper, x) + pair(lower, x) + 2) / 4);
        if (width % 2 != 0)
            out[new_width - 1] = static_cast<std::uint8_t>((upper[width - 1] + lower[width - 1] + 1) / 2);
    }
}

}  // namespace

int chroma_width(Chroma chroma, int width) {
    switch (chroma) {
        case Chroma::s420:
        case Chroma::s422:
            return (width + 1) / 2;
        case Chroma::s411:
            return (width + 3) / 4;
        case Chroma::s440:
        case Chroma::s444:
            return width;
        default:
            return 0;
    }
}

int chroma_height(Chroma chroma, int height) {
    switch (chroma) {
        case Chroma::s420:
        case Chroma::s440:
            return (height + 1) / 2;
        case Chroma::s422:
        case Chroma::s411:
        case Chroma::s444:
            return height;
        default:
            return 0;
    }
}

PlanarImage make_planar(int width, int height, Chroma chroma, ColorInfo color, BufferPool& pool) {
    PlanarImage image;
    image.width = width;
    image.height = height;
    image.chroma = chroma;
    image.color = color;
    std::size_t total = 0;
    for (std::size_t i = 0; i < static_cast<std::size_t>(image.planes()); ++i) {
        const int columns = i == 0 ? width : chroma_width(chroma, width);
        const int rows = i == 0 ? height : chroma_height(chroma, height);
        // Decoders write up to three columns more (4:1:1), which the alignment has room for.
        const std::size_t stride = aligned(static_cast<std::size_t>(columns));
        image.stride[i] = static_cast<int>(stride);
        image.offset[i] = total;
        total += stride * static_cast<std::size_t>(even(rows));
    }
    image.bytes = pool.take(total + kAlign);
    const auto misaligned = reinterpret_cast<std::uintptr_t>(image.bytes.data()) % kAlign;
    if (misaligned != 0)
        for (auto& offset : image.offset) offset += kAlign - misaligned;
    return image;
}

PlanarImage to_420(PlanarImage image, BufferPool& pool) {
    if (image.chroma == Chroma::s420) return image;
    if (image.chroma == Chroma::gray || image.chroma == Chroma::s411) {
        auto made = make_planar(image.width, image.height, Chroma::s420, image.color, pool);
        for (int y = 0; y < image.height; ++y)
            std::memcpy(made.writable_plane(0) + static_cast<std::ptrdiff_t>(y) * made.stride[0],
                        image.plane(0) + static_cast<std::ptrdiff_t>(y) * image.stride[0],
                        static_cast<std::size_t>(image.width));
        const int columns = chroma_width(Chroma::s420, image.width), rows = chroma_height(Chroma::s420, image.height);
        for (int i = 1; i < 3; ++i)
            for (int y = 0; y < rows; ++y) {
                const auto stride = made.stride[static_cast<std::size_t>(i)];
                std::uint8_t* out = made.writable_plane(i) + static_cast<std::ptrdiff_t>(y) * stride;
                if (image.chroma == Chroma::gray) {
                    std::memset(out, 128, static_cast<std::size_t>(columns));
                    continue;
                }
                const auto from_stride = image.stride[static_cast<std::size_t>(i)];
                const std::uint8_t* upper = image.plane(i) + static_cast<std::ptrdiff_t>(2 * y) * from_stride;
                const std::uint8_t* lower = 2 * y + 1 < image.height ? upper + from_stride : upper;
                for (int x = 0; x < columns; ++x)
                    out[x] = static_cast<std::uint8_t>((upper[x / 2] + lower[x / 2] + 1) / 2);
            }
        return made;
    }
    const int columns = chroma_width(image.chroma, image.width), rows = chroma_height(image.chroma, image.height);
    const int across = image.chroma == Chroma::s422 ? 1 : 2, down = image.chroma == Chroma::s440 ? 1 : 2;
    for (int i = 1; i < 3; ++i)
        halve(image.writable_plane(i), image.stride[static_cast<std::size_t>(i)], columns, rows, across, down);
    image.chroma = Chroma::s420;
    return image;
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
        const int columns = i == 0 ? image.width : chroma_width(image.chroma, image.width);
        const int rows = i == 0 ? image.height : chroma_height(image.chroma, image.height);
        convert_range(image.plane(i), stride, image.writable_plane(i), stride, columns, rows, i > 0, range);
    }
    image.color.range = range;
    return image;
}

void pad_to_even(PlanarImage& image) {
    std::uint8_t* plane = image.writable_plane(0);
    const auto stride = static_cast<std::ptrdiff_t>(image.stride[0]);
    if (image.width % 2 != 0)
        for (int y = 0; y < image.height; ++y) plane[y * stride + image.width] = plane[y * stride + image.width - 1];
    if (image.height % 2 != 0)
        std::memcpy(plane + image.height * stride, plane + (image.height - 1) * stride,
                    static_cast<std::size_t>(even(image.width)));
}

}  // namespace onetake
