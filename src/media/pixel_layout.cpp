#include "media/pixel_layout.h"

#include <algorithm>
#include <array>

namespace onetake {

namespace {

// In the order of the enum.
constexpr std::array kLayouts = {
    PixelLayout{PixelFormat::bgr24, "bgr24", "bgr24", Chroma::s444, 1, 1, 1, 3},
    PixelLayout{PixelFormat::rgb24, "rgb24", "rgb24", Chroma::s444, 1, 1, 1, 3},
    PixelLayout{PixelFormat::gray8, "gray8", "gray", Chroma::gray, 1, 1, 1, 1},
    PixelLayout{PixelFormat::gray16, "gray16", "gray16le", Chroma::gray, 1, 2, 1, 2},
    PixelLayout{PixelFormat::yuyv, "yuyv", "yuyv422", Chroma::s422, 1, 1, 2, 4},
    PixelLayout{PixelFormat::nv12, "nv12", "nv12", Chroma::s420, 2, 1, 1, 1},
    PixelLayout{PixelFormat::i420, "i420", "yuv420p", Chroma::s420, 3, 1, 1, 1},
    PixelLayout{PixelFormat::i422, "i422", "yuv422p", Chroma::s422, 3, 1, 1, 1},
    PixelLayout{PixelFormat::i444, "i444", "yuv444p", Chroma::s444, 3, 1, 1, 1},
    PixelLayout{PixelFormat::jpeg, "jpeg", "", Chroma::other, 0, 0, 1, 0},
};
static_assert(std::is_sorted(kLayouts.begin(), kLayouts.end(),
                             [](const auto& a, const auto& b) { return a.format < b.format; }));

struct Sampling {
    Chroma chroma;
    int across, down;  // luma samples per chroma sample; 0: no chroma
    std::string_view av_name, av_full_range_name;
};
constexpr std::array kSamplings = {
    Sampling{Chroma::gray, 0, 0, "gray", "gray"},
    Sampling{Chroma::s420, 2, 2, "yuv420p", "yuvj420p"},
    Sampling{Chroma::s422, 2, 1, "yuv422p", "yuvj422p"},
    Sampling{Chroma::s440, 1, 2, "yuv440p", "yuvj440p"},
    Sampling{Chroma::s411, 4, 1, "yuv411p", "yuvj411p"},
    Sampling{Chroma::s444, 1, 1, "yuv444p", "yuvj444p"},
    Sampling{Chroma::other, 0, 0, "", ""},
};
static_assert(std::is_sorted(kSamplings.begin(), kSamplings.end(),
                             [](const auto& a, const auto& b) { return a.chroma < b.chroma; }));

const Sampling& sampling_of(Chroma chroma) {
    return kSamplings[static_cast<std::size_t>(chroma)];
}

int divided(int n, int by) {
    return by > 0 ? (n + by - 1) / by : 0;
}

}  // namespace

const PixelLayout& layout_of(PixelFormat format) {
    return kLayouts[static_cast<std::size_t>(format)];
}

std::string_view to_string(PixelFormat format) {
    return layout_of(format).name;
}

int chroma_width(Chroma chroma, int width) {
    return divided(width, sampling_of(chroma).across);
}

int chroma_height(Chroma chroma, int height) {
    return divided(height, sampling_of(chroma).down);
}

std::string_view av_planar_name(Chroma chroma, bool full_range) {
    const auto& sampling = sampling_of(chroma);
    return full_range ? sampling.av_full_range_name : sampling.av_name;
}

int tight_stride(PixelFormat format, int width) {
    const auto& layout = layout_of(format);
    return divided(width, layout.group_pixels) * layout.group_bytes;
}

int plane_stride(PixelFormat format, int i, int stride) {
    const auto& layout = layout_of(format);
    return i > 0 && layout.planes == 3 ? divided(stride, sampling_of(layout.chroma).across) : stride;
}

int plane_rows(PixelFormat format, int i, int height) {
    return i > 0 ? chroma_height(layout_of(format).chroma, height) : height;
}

std::size_t frame_bytes(PixelFormat format, int stride, int height) {
    if (stride <= 0 || height <= 0) return 0;
    std::size_t bytes = 0;
    for (int i = 0; i < layout_of(format).planes; ++i)
        bytes += static_cast<std::size_t>(plane_stride(format, i, stride)) *
                 static_cast<std::size_t>(plane_rows(format, i, height));
    return bytes;
}

}  // namespace onetake
