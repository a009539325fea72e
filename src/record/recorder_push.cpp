#include "media/jpeg_info.h"
#include "record/recorder_impl.h"

#include <algorithm>
#include <cmath>
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

// The image as a frame that borrows its bytes, without a stamp. Errors: refused, if its numbers don't fit together.
Result<Frame> checked_frame(const ImageView& image, std::shared_ptr<const void> owner) {
    Frame frame;
    frame.format = pixel_format(image.format);
    frame.width = image.width;
    frame.height = image.height;
    if (image.width < 1 || image.height < 1 || image.width > kLargestSide || image.height > kLargestSide)
        return fail(ErrorCode::refused,
                    fmt::format("A pushed frame of {}x{} pixels can't be stored; 1 to {} is possible.", image.width,
                                image.height, kLargestSide));
    const int tight = tight_stride(frame.format, image.width);
    frame.stride = image.stride == 0 ? tight : image.stride;
    if (frame.stride < tight)
        return fail(ErrorCode::refused, fmt::format("The pushed frame's stride is {} bytes; {} pixels of {} need {}.",
                                                    image.stride, image.width, to_string(frame.format), tight));
    frame.bytes = Buffer(image.pixels.data(), image.pixels.size(), std::move(owner));
    if (!has_all_bytes(frame))
        return fail(
            ErrorCode::refused,
            fmt::format("The pushed frame has {} bytes; {}x{} pixels of {} need {}.", image.pixels.size(), image.width,
                        image.height, to_string(frame.format), frame_bytes(frame.format, frame.stride, image.height)));
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

std::int16_t to_int16(float v) {
    if (std::isnan(v)) return 0;
    return static_cast<std::int16_t>(std::lrint(std::clamp(v, -1.0f, 1.0f) * 32767.0f));
}

}  // namespace

Status AVRecorder::push_video(const ImageView& image, std::optional<double> t, int track) {
    const auto recording = impl_->running("push_video()");
    if (!recording) return fail(recording.error());
    const auto source = (*recording)->pushed_video(track);
    if (!source) return fail(source.error());
    const auto frame = checked_frame(image, {});
    if (!frame) return fail(frame.error());
    const auto bytes = frame_bytes(frame->format, tight_stride(frame->format, frame->width), frame->height);
    return (*source)->push(copied(*frame, (*source)->buffer(bytes)), t);
}

Status AVRecorder::push_video(std::vector<std::uint8_t>&& pixels, int width, int height, std::optional<double> t,
                              int track) {
    const auto recording = impl_->running("push_video()");
    if (!recording) return fail(recording.error());
    const auto source = (*recording)->pushed_video(track);
    if (!source) return fail(source.error());
    auto frame = checked_frame({width, height, 0, pixels}, {});
    if (!frame) return fail(std::move(frame).error());
    frame->bytes = Buffer(std::move(pixels));
    return (*source)->push(std::move(*frame), t);
}

Status AVRecorder::push_video(const ImageView& image, std::shared_ptr<const void> owner, std::optional<double> t,
                              int track) {
    const auto recording = impl_->running("push_video()");
    if (!recording) return fail(recording.error());
    const auto source = (*recording)->pushed_video(track);
    if (!source) return fail(source.error());
    auto frame = checked_frame(image, std::move(owner));
    if (!frame) return fail(std::move(frame).error());
    return (*source)->push(std::move(*frame), t);
}

Status AVRecorder::push_jpeg(std::span<const std::uint8_t> jpeg, std::optional<double> t, int track) {
    const auto recording = impl_->running("push_jpeg()");
    if (!recording) return fail(recording.error());
    const auto source = (*recording)->pushed_video(track);
    if (!source) return fail(source.error());
    const auto info = inspect_jpeg(jpeg);
    if (!info) return fail(ErrorCode::refused, "The pushed bytes are no complete JPEG: " + info.error().message);
    Frame frame;
    frame.format = PixelFormat::jpeg;
    frame.width = info->width;
    frame.height = info->height;
    frame.checked = true;
    frame.bytes = (*source)->buffer(jpeg.size());
    std::memcpy(frame.bytes.writable(), jpeg.data(), jpeg.size());
    return (*source)->push(std::move(frame), t);
}

Status AVRecorder::push_audio(std::span<const std::int16_t> samples, std::optional<double> t, int track) {
    const auto recording = impl_->running("push_audio()");
    if (!recording) return fail(recording.error());
    const auto source = (*recording)->pushed_audio(track);
    if (!source) return fail(source.error());
    AudioBlock block;
    block.channels = (*source)->description().channels;
    if (samples.empty() || samples.size() % static_cast<std::size_t>(block.channels) != 0)
        return fail(ErrorCode::refused,
                    fmt::format("{} samples can't be divided among {} channels.", samples.size(), block.channels));
    block.samples.assign(samples.begin(), samples.end());
    return (*source)->push(std::move(block), t);
}

Status AVRecorder::push_data(std::span<const std::uint8_t> bytes, std::optional<double> t, int track) {
    const auto recording = impl_->running("push_data()");
    if (!recording) return fail(recording.error());
    const auto source = (*recording)->pushed_data(track);
    if (!source) return fail(source.error());
    return (*source)->push({bytes.begin(), bytes.end()}, t);
}

Status AVRecorder::mark(std::string_view text, std::optional<double> t) {
    const auto recording = impl_->running("mark()");
    if (!recording) return fail(recording.error());
    return (*recording)->mark(text, t);
}

Status AVRecorder::push_audio(std::span<const float> samples, std::optional<double> t, int track) {
    std::vector<std::int16_t> converted(samples.size());
    std::ranges::transform(samples, converted.begin(), to_int16);
    return push_audio(std::span<const std::int16_t>(converted), t, track);
}

}  // namespace onetake
