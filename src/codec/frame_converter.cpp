#include "codec/frame_converter.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <fmt/format.h>
#include <libyuv.h>
#include <utility>

namespace onetake {

namespace {

// libyuv names packed RGB by a little-endian word: its "RGB24" has blue first, its "RAW" red.
using RgbTo420 = int (*)(const std::uint8_t*, int, std::uint8_t*, int, std::uint8_t*, int, std::uint8_t*, int, int,
                         int);
template <RgbTo420 to_limited, RgbTo420 to_full>
void from_rgb(const FramePlanes& from, PlanarImage& to) {
    const auto convert = to.color.range == ColorRange::full ? to_full : to_limited;
    convert(from.data[0], from.stride[0], to.writable_plane(0), to.stride[0], to.writable_plane(1), to.stride[1],
            to.writable_plane(2), to.stride[2], to.width, to.height);
}

void from_nv12(const FramePlanes& from, PlanarImage& to) {
    libyuv::NV12ToI420(from.data[0], from.stride[0], from.data[1], from.stride[1], to.writable_plane(0), to.stride[0],
                       to.writable_plane(1), to.stride[1], to.writable_plane(2), to.stride[2], to.width, to.height);
}

void from_yuyv(const FramePlanes& from, PlanarImage& to) {
    const int even_width = (to.width + 1) / 2 * 2;  // both buffers have room for it
    libyuv::YUY2ToI422(from.data[0], from.stride[0], to.writable_plane(0), to.stride[0], to.writable_plane(1),
                       to.stride[1], to.writable_plane(2), to.stride[2], even_width, to.height);
}

void from_planes(const FramePlanes& from, PlanarImage& to) {
    for (int i = 0; i < to.planes(); ++i) {
        const auto at = static_cast<std::size_t>(i);
        libyuv::CopyPlane(from.data[at], from.stride[at], to.writable_plane(i), to.stride[at],
                          to.columns(i) * to.bytes_per_sample, to.rows(i));
    }
}

struct Conversion {
    PixelFormat from;
    Chroma to;
    void (*convert)(const FramePlanes& from, PlanarImage& to);
};
constexpr std::array kConversions = {
    Conversion{PixelFormat::bgr24, Chroma::s420, from_rgb<libyuv::RGB24ToI420, libyuv::RGB24ToJ420>},
    Conversion{PixelFormat::rgb24, Chroma::s420, from_rgb<libyuv::RAWToI420, libyuv::RAWToJ420>},
    Conversion{PixelFormat::gray8, Chroma::gray, from_planes},
    Conversion{PixelFormat::gray16, Chroma::gray, from_planes},
    Conversion{PixelFormat::yuyv, Chroma::s422, from_yuyv},
    Conversion{PixelFormat::nv12, Chroma::s420, from_nv12},
    Conversion{PixelFormat::i420, Chroma::s420, from_planes},
    Conversion{PixelFormat::i422, Chroma::s422, from_planes},
    Conversion{PixelFormat::i444, Chroma::s444, from_planes},
};

PixelFormat format_of(const PlanarImage& image) {
    switch (image.chroma) {
        case Chroma::gray:
            return image.bytes_per_sample == 2 ? PixelFormat::gray16 : PixelFormat::gray8;
        case Chroma::s422:
            return PixelFormat::i422;
        case Chroma::s444:
            return PixelFormat::i444;
        default:
            return PixelFormat::i420;
    }
}

Frame frame_like(const PlanarImage& image) {
    Frame frame;
    frame.format = format_of(image);
    frame.width = image.width;
    frame.height = image.height;
    frame.stride = tight_stride(frame.format, image.width);
    frame.color = image.color;
    return frame;
}

// Whether the planes follow each other, and the rows of each, as those of `frame` do.
bool lies_as(const PlanarImage& image, const Frame& frame) {
    const auto* at = image.plane(0);
    for (int i = 0; i < image.planes(); ++i) {
        const int stride = plane_stride(frame.format, i, frame.stride);
        if (image.plane(i) != at || image.stride[static_cast<std::size_t>(i)] != stride) return false;
        at += std::ptrdiff_t{stride} * image.rows(i);
    }
    return true;
}

bool is_aligned_as_planes(const Frame& frame) {
    if (frame.width % 2 != 0 || frame.height % 2 != 0 || frame.bytes.padding() < kPlaneAlignment) return false;
    const auto planes = planes_of(frame);
    for (std::size_t i = 0; i < static_cast<std::size_t>(layout_of(frame.format).planes); ++i)
        if (reinterpret_cast<std::uintptr_t>(planes.data[i]) % kPlaneAlignment != 0 ||
            static_cast<std::size_t>(planes.stride[i]) % kPlaneAlignment != 0)
            return false;
    return true;
}

}  // namespace

std::size_t frame_size_of(const PlanarImage& image) {
    return frame_bytes(format_of(image), tight_stride(format_of(image), image.width), image.height);
}

Frame to_frame(const PlanarImage& image, Buffer bytes) {
    auto frame = frame_like(image);
    frame.bytes = std::move(bytes);
    auto* to = frame.bytes.writable();
    for (int i = 0; i < image.planes(); ++i) {
        const int stride = plane_stride(frame.format, i, frame.stride);
        libyuv::CopyPlane(image.plane(i), image.stride[static_cast<std::size_t>(i)], to, stride,
                          image.columns(i) * image.bytes_per_sample, image.rows(i));
        to += std::ptrdiff_t{stride} * image.rows(i);
    }
    return frame;
}

Frame to_frame(std::shared_ptr<const PlanarImage> image, BufferPool& pool) {
    auto frame = frame_like(*image);
    const auto size = frame_size_of(*image);
    if (!lies_as(*image, frame)) return to_frame(*image, pool.take(size));
    const auto* begin = image->plane(0);
    const auto padding = static_cast<std::size_t>(image->bytes.data() + image->bytes.size() - begin) - size;
    frame.bytes = Buffer(begin, size, std::move(image), padding);
    return frame;
}

Result<PlanarImage> to_planar(const Frame& frame, ColorInfo color, BufferPool& pool) {
    if (!has_all_bytes(frame))
        return fail(
            ErrorCode::invalid_argument,
            fmt::format("A {} frame of {}x{} with a stride of {} bytes and {} bytes in total can't be converted.",
                        to_string(frame.format), frame.width, frame.height, frame.stride, frame.bytes.size()));
    const bool rgb = frame.format == PixelFormat::bgr24 || frame.format == PixelFormat::rgb24;
    if (rgb && color.matrix != ColorMatrix::bt601)
        return fail(ErrorCode::unsupported, fmt::format("{} frames are converted to BT.601 only, not to {}.",
                                                        to_string(frame.format), to_string(color.matrix)));
    for (const auto& row : kConversions)
        if (row.from == frame.format) {
            auto image = make_planar(frame.width, frame.height, row.to, rgb ? color : frame.color, pool,
                                     layout_of(frame.format).bytes_per_sample);
            row.convert(planes_of(frame), image);
            return image;
        }
    return fail(ErrorCode::invalid_argument, fmt::format("{} frames have no planes.", to_string(frame.format)));
}

Result<PlanarImage> take_planar(Frame frame, ColorInfo color, BufferPool& pool) {
    const auto row = std::ranges::find(kConversions, frame.format, &Conversion::from);
    const bool has_planes = row != kConversions.end() && row->convert == from_planes;
    if (!has_planes || !has_all_bytes(frame) || !is_aligned_as_planes(frame)) return to_planar(frame, color, pool);
    PlanarImage image;
    image.width = frame.width;
    image.height = frame.height;
    image.chroma = row->to;
    image.bytes_per_sample = layout_of(frame.format).bytes_per_sample;
    image.color = frame.color;
    const auto planes = planes_of(frame);
    for (std::size_t i = 0; i < static_cast<std::size_t>(image.planes()); ++i) {
        image.offset[i] = static_cast<std::size_t>(planes.data[i] - frame.bytes.data());
        image.stride[i] = planes.stride[i];
    }
    image.bytes = std::move(frame.bytes);
    return image;
}

}  // namespace onetake
