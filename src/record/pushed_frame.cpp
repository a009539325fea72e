#include "record/pushed_frame.h"

#include "base/error.h"
#include "codec/frame_converter.h"
#include "media/jpeg_info.h"
#include "mix/tile_color.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <fmt/format.h>
#include <utility>

namespace onetake {

namespace {

constexpr int kLargestSide = 65500;  // JPEG's own limit is 65535

PixelFormat pixel_format(ImageFormat format) {
    switch (format) {
        case ImageFormat::bgr:
            return PixelFormat::bgr24;
        case ImageFormat::rgb:
            return PixelFormat::rgb24;
        case ImageFormat::gray:
            return PixelFormat::gray8;
        case ImageFormat::nv12:
            return PixelFormat::nv12;
        case ImageFormat::i420:
            return PixelFormat::i420;
    }
    return PixelFormat::bgr24;
}

Result<Frame> borrowed(PixelFormat format, int width, int height, int stride, std::span<const std::uint8_t> bytes,
                       std::shared_ptr<const void> owner) {
    Frame frame;
    frame.format = format;
    frame.width = width;
    frame.height = height;
    if (width < 1 || height < 1 || width > kLargestSide || height > kLargestSide)
        return fail(ErrorCode::refused,
                    fmt::format("A pushed frame of {}x{} pixels can't be stored; 1 to {} is possible.", width, height,
                                kLargestSide));
    const int tight = tight_stride(format, width);
    frame.stride = stride == 0 ? tight : stride;
    if (frame.stride < tight)
        return fail(ErrorCode::refused, fmt::format("The pushed frame's stride is {} bytes; {} pixels of {} need {}.",
                                                    stride, width, to_string(format), tight));
    frame.bytes = Buffer(bytes.data(), bytes.size(), std::move(owner));
    if (!has_all_bytes(frame))
        return fail(ErrorCode::refused,
                    fmt::format("The pushed frame has {} bytes; {}x{} pixels of {} need {}.", bytes.size(), width,
                                height, to_string(format), frame_bytes(format, frame.stride, height)));
    return frame;
}

// A copy in `buffer`, its rows without padding.
Frame copied(const Frame& frame, Buffer buffer) {
    Frame copy;
    copy.format = frame.format;
    copy.width = frame.width;
    copy.height = frame.height;
    copy.stride = tight_stride(frame.format, frame.width);
    const auto from = planes_of(frame);
    std::uint8_t* to = buffer.writable();
    for (int i = 0; i < layout_of(frame.format).planes; ++i) {
        const auto at = static_cast<std::size_t>(i);
        const int rows = plane_rows(frame.format, i, frame.height);
        const auto bytes = static_cast<std::size_t>(plane_stride(frame.format, i, copy.stride));
        for (int y = 0; y < rows; ++y, to += bytes)
            std::memcpy(to, from.data[at] + static_cast<std::ptrdiff_t>(y) * from.stride[at], bytes);
    }
    copy.bytes = std::move(buffer);
    return copy;
}

}  // namespace

Result<Frame> borrowed_frame(const ImageView& image, std::shared_ptr<const void> owner) {
    return borrowed(pixel_format(image.format), image.width, image.height, image.stride, image.pixels,
                    std::move(owner));
}

// Bytes of another size are those of another frame, where nothing says that there is padding.
Result<Frame> borrowed_raw_frame(PixelFormat format, int width, int height, int stride,
                                 std::span<const std::uint8_t> bytes, std::shared_ptr<const void> owner) {
    auto frame = borrowed(format, width, height, stride, bytes, std::move(owner));
    if (!frame || stride != 0 || bytes.size() == frame_bytes(format, frame->stride, height)) return frame;
    return fail(ErrorCode::refused,
                fmt::format("The pushed frame has {} bytes; {}x{} pixels of {} have {}.", bytes.size(), width, height,
                            to_string(format), frame_bytes(format, frame->stride, height)));
}

Result<Frame> raw_frame(PixelFormat format, int width, int height, int stride, std::span<const std::uint8_t> bytes,
                        std::shared_ptr<const void> owner, PushVideoSource& source) {
    const bool owned = owner != nullptr;
    auto frame = borrowed_raw_frame(format, width, height, stride, bytes, std::move(owner));
    if (!frame || owned) return frame;
    return copied(*frame, source.buffer(frame_bytes(format, tight_stride(format, width), height)));
}

Result<Frame> copied_frame(const ImageView& image, PushVideoSource& source) {
    const auto frame = borrowed_frame(image, {});
    if (!frame) return fail(frame.error());
    const auto bytes = frame_bytes(frame->format, tight_stride(frame->format, frame->width), frame->height);
    return copied(*frame, source.buffer(bytes));
}

std::vector<std::int16_t> samples_of(std::span<const float> samples) {
    std::vector<std::int16_t> converted(samples.size());
    std::ranges::transform(samples, converted.begin(), [](float v) {
        if (std::isnan(v)) return std::int16_t{0};
        return static_cast<std::int16_t>(std::lrint(std::clamp(v, -1.0f, 1.0f) * 32767.0f));
    });
    return converted;
}

Result<Frame> jpeg_frame(std::span<const std::uint8_t> jpeg, PushVideoSource& source) {
    const auto info = inspect_jpeg(jpeg);
    if (!info) return fail(ErrorCode::refused, "The pushed bytes are no complete JPEG: " + info.error().message);
    Frame frame;
    frame.format = PixelFormat::jpeg;
    frame.width = info->width;
    frame.height = info->height;
    frame.checked = true;
    frame.bytes = source.buffer(jpeg.size());
    std::memcpy(frame.bytes.writable(), jpeg.data(), jpeg.size());
    return frame;
}

Result<Frame> to_bt601(Frame frame, BufferPool& pool) {
    const bool is_yuv = frame.format == PixelFormat::i420 || frame.format == PixelFormat::nv12;
    if (!is_yuv || frame.color.matrix == ColorMatrix::bt601) return frame;
    auto image = to_planar(frame, frame.color, pool);
    if (!image) return fail(std::move(image).error());
    image->color.matrix = ColorMatrix::bt601;
    convert_tile(*image, {0, 0, image->width, image->height}, frame.color);
    auto converted = to_frame(std::make_shared<const PlanarImage>(std::move(*image)), pool);
    converted.stamp = frame.stamp;
    return converted;
}

std::optional<ImageFormat> image_format(VideoFrameFormat format) {
    switch (format) {
        case VideoFrameFormat::raw_bgr24:
            return ImageFormat::bgr;
        case VideoFrameFormat::raw_rgb24:
            return ImageFormat::rgb;
        case VideoFrameFormat::raw_gray8:
            return ImageFormat::gray;
        case VideoFrameFormat::raw_nv12:
            return ImageFormat::nv12;
        case VideoFrameFormat::raw_i420:
            return ImageFormat::i420;
        default:
            return std::nullopt;
    }
}

Result<Frame> frame_of(const VideoFrame& from, std::shared_ptr<const void> owner, PushVideoSource& source) {
    if (from.format == VideoFrameFormat::jpeg) return jpeg_frame(from.bytes, source);
    const ImageView image{from.width, from.height, from.stride, from.bytes,
                          image_format(from.format).value_or(ImageFormat::bgr)};
    auto frame = owner ? borrowed_frame(image, std::move(owner)) : copied_frame(image, source);
    if (frame && from.range == PixelRange::limited) frame->color.range = ColorRange::limited;
    if (frame && from.matrix == PixelMatrix::bt709) frame->color.matrix = ColorMatrix::bt709;
    return frame;
}

}  // namespace onetake
