#pragma once

#include "media/frame.h"
#include "unit/container/probe.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

/// Frames of one colour in every raw format, and what ffmpeg makes of them.
namespace onetake::testing {

inline constexpr int kColourWidth = 64, kColourHeight = 48;

struct Rgb {
    const char* name;
    int r, g, b;
};
inline constexpr std::array kColours = {Rgb{"red", 255, 0, 0}, Rgb{"green", 0, 255, 0}, Rgb{"blue", 0, 0, 255},
                                        Rgb{"grey", 128, 128, 128}};

/// BT.601 by its definition.
inline std::array<std::uint8_t, 3> yuv_of(Rgb c, ColorRange range) {
    const double y = (0.299 * c.r + 0.587 * c.g + 0.114 * c.b) / 255;
    const double u = (c.b / 255.0 - y) / 1.772, v = (c.r / 255.0 - y) / 1.402;
    const bool full = range == ColorRange::full;
    const auto code = [](double value) {
        return static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.0, 255.0)));
    };
    return {code(full ? 255 * y : 16 + 219 * y), code(128 + (full ? 255 : 224) * u),
            code(128 + (full ? 255 : 224) * v)};
}

/// A frame of one colour.
inline Frame frame_of(PixelFormat format, Rgb colour, ColorRange range) {
    Frame frame;
    frame.format = format;
    frame.width = kColourWidth;
    frame.height = kColourHeight;
    frame.stride = tight_stride(format, kColourWidth);
    frame.color.range = range;
    const auto yuv = yuv_of(colour, range);
    const auto r = static_cast<std::uint8_t>(colour.r), g = static_cast<std::uint8_t>(colour.g),
               b = static_cast<std::uint8_t>(colour.b);
    // The bytes that each plane repeats.
    std::array<std::vector<std::uint8_t>, 3> pattern;
    switch (format) {
        case PixelFormat::bgr24:
            pattern[0] = {b, g, r};
            break;
        case PixelFormat::rgb24:
            pattern[0] = {r, g, b};
            break;
        case PixelFormat::gray16:
            pattern[0] = {0x37, yuv[0]};
            break;
        case PixelFormat::yuyv:
            pattern[0] = {yuv[0], yuv[1], yuv[0], yuv[2]};
            break;
        case PixelFormat::nv12:
            pattern = {{{yuv[0]}, {yuv[1], yuv[2]}, {}}};
            break;
        default:
            pattern = {{{yuv[0]}, {yuv[1]}, {yuv[2]}}};
            break;
    }
    std::vector<std::uint8_t> bytes;
    for (int i = 0; i < layout_of(format).planes; ++i) {
        const auto& repeated = pattern[static_cast<std::size_t>(i)];
        const int size = plane_stride(format, i, frame.stride) * plane_rows(format, i, kColourHeight);
        for (int n = 0; n < size; ++n) bytes.push_back(repeated[static_cast<std::size_t>(n) % repeated.size()]);
    }
    frame.bytes = Buffer(std::move(bytes));
    return frame;
}

/// The middle pixel of a file's first frame, as ffmpeg decodes it.
inline std::array<int, 3> decoded_colour(const std::string& path) {
    const auto rgb = output_of("ffmpeg -v error -i '" + path +
                               "' -frames:v 1 -sws_flags accurate_rnd+full_chroma_int -pix_fmt rgb24 -f rawvideo -");
    if (rgb.size() != 3U * kColourWidth * kColourHeight) return {-1, -1, -1};
    const std::size_t middle = 3U * (kColourWidth * kColourHeight / 2 + kColourWidth / 2);
    const auto at = [&](std::size_t i) { return static_cast<int>(static_cast<unsigned char>(rgb[middle + i])); };
    return {at(0), at(1), at(2)};
}

}  // namespace onetake::testing
