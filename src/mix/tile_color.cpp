#include "mix/tile_color.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

namespace onetake {

namespace {

struct Weights {
    double red, blue;  // of luma
};
Weights weights_of(ColorMatrix matrix) {
    return matrix == ColorMatrix::bt709 ? Weights{0.2126, 0.0722} : Weights{0.299, 0.114};
}

// Luma changes by y_u * U + y_v * V; chroma becomes u_u * U + u_v * V and v_u * U + v_v * V. In 1/2^14.
struct MatrixChange {
    int y_u, y_v, u_u, u_v, v_u, v_v;
};
constexpr int kBits = 14;
constexpr int kHalf = 1 << (kBits - 1);

MatrixChange matrix_change(ColorMatrix from, ColorInfo to) {
    const auto a = weights_of(from), b = weights_of(to.matrix);
    // Y = 0 with U or V = 1 in the old matrix, seen in the new one.
    const auto seen = [&](double u, double v) {
        const double red = 2 * (1 - a.red) * v, blue = 2 * (1 - a.blue) * u;
        const double green = -(a.red * red + a.blue * blue) / (1 - a.red - a.blue);
        const double y = b.red * red + b.blue * blue + (1 - b.red - b.blue) * green;
        return std::array<double, 3>{y, (blue - y) / (2 * (1 - b.blue)), (red - y) / (2 * (1 - b.red))};
    };
    const auto of_u = seen(1, 0), of_v = seen(0, 1);
    const double luma_scale = to.range == ColorRange::limited ? 219.0 / 224.0 : 1;
    const auto fixed = [](double f) { return static_cast<int>(std::lround(f * (1 << kBits))); };
    return {fixed(of_u[0] * luma_scale),
            fixed(of_v[0] * luma_scale),
            fixed(of_u[1]),
            fixed(of_v[1]),
            fixed(of_u[2]),
            fixed(of_v[2])};
}

std::uint8_t to_byte(int value) {
    return static_cast<std::uint8_t>(std::clamp(value, 0, 255));
}

void change_matrix(PlanarImage& image, const TileRect& tile, const MatrixChange& m) {
    auto* luma = tile_plane(image, tile, 0);
    auto* row_u = tile_plane(image, tile, 1);
    auto* row_v = tile_plane(image, tile, 2);
    for (int y = 0; y < tile.height / 2; ++y) {
        auto* below = luma + image.stride[0];
        for (int x = 0; x < tile.width / 2; ++x) {
            const int u = row_u[x] - 128, v = row_v[x] - 128;
            const int add = (m.y_u * u + m.y_v * v + kHalf) >> kBits;
            row_u[x] = to_byte(128 + ((m.u_u * u + m.u_v * v + kHalf) >> kBits));
            row_v[x] = to_byte(128 + ((m.v_u * u + m.v_v * v + kHalf) >> kBits));
            for (auto* at : {luma + 2 * x, below + 2 * x}) {
                at[0] = to_byte(at[0] + add);
                at[1] = to_byte(at[1] + add);
            }
        }
        luma += std::ptrdiff_t{2} * image.stride[0];
        row_u += image.stride[1];
        row_v += image.stride[2];
    }
}

}  // namespace

std::uint8_t* tile_plane(PlanarImage& image, const TileRect& tile, int plane) {
    const int divisor = plane == 0 ? 1 : 2;
    return image.writable_plane(plane) +
           std::ptrdiff_t{tile.y / divisor} * image.stride[static_cast<std::size_t>(plane)] + tile.x / divisor;
}

void convert_tile(PlanarImage& image, const TileRect& tile, ColorInfo from) {
    if (from.range != image.color.range)
        for (int i = 0; i < 3; ++i) {
            const int divisor = i == 0 ? 1 : 2;
            const int stride = image.stride[static_cast<std::size_t>(i)];
            auto* plane = tile_plane(image, tile, i);
            convert_range(plane, stride, plane, stride, tile.width / divisor, tile.height / divisor, i > 0,
                          image.color.range);
        }
    if (from.matrix != image.color.matrix) change_matrix(image, tile, matrix_change(from.matrix, image.color));
}

void fill_tile(PlanarImage& image, const TileRect& tile, int level) {
    const int luma = image.color.range == ColorRange::limited ? 16 + (level * 219 + 127) / 255 : level;
    for (int i = 0; i < 3; ++i) {
        const int divisor = i == 0 ? 1 : 2;
        auto* row = tile_plane(image, tile, i);
        for (int y = 0; y < tile.height / divisor; ++y, row += image.stride[static_cast<std::size_t>(i)])
            std::memset(row, i == 0 ? luma : 128, static_cast<std::size_t>(tile.width / divisor));
    }
}

}  // namespace onetake
