#include "codec/video_decoder.h"

#include "base/error.h"
#include "codec/av_error.h"
#include "codec/av_input.h"
#include "codec/av_log.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <fmt/format.h>
#include <libyuv.h>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/pixdesc.h>
}

namespace onetake {

namespace {

struct PlaneFormat {
    AVPixelFormat format;
    Chroma chroma;
    int depth = 8;
    int bytes_per_sample = 1;  // of the image made: more than 8 bits are kept of gray only
};
constexpr std::array kFormats = {
    PlaneFormat{AV_PIX_FMT_YUV420P, Chroma::s420},         PlaneFormat{AV_PIX_FMT_YUVJ420P, Chroma::s420},
    PlaneFormat{AV_PIX_FMT_YUV422P, Chroma::s422},         PlaneFormat{AV_PIX_FMT_YUVJ422P, Chroma::s422},
    PlaneFormat{AV_PIX_FMT_YUV444P, Chroma::s444},         PlaneFormat{AV_PIX_FMT_YUVJ444P, Chroma::s444},
    PlaneFormat{AV_PIX_FMT_YUV440P, Chroma::s440},         PlaneFormat{AV_PIX_FMT_YUVJ440P, Chroma::s440},
    PlaneFormat{AV_PIX_FMT_YUV411P, Chroma::s411},         PlaneFormat{AV_PIX_FMT_YUVJ411P, Chroma::s411},
    PlaneFormat{AV_PIX_FMT_YUV420P10LE, Chroma::s420, 10}, PlaneFormat{AV_PIX_FMT_YUV422P10LE, Chroma::s422, 10},
    PlaneFormat{AV_PIX_FMT_YUV444P10LE, Chroma::s444, 10}, PlaneFormat{AV_PIX_FMT_YUV420P12LE, Chroma::s420, 12},
    PlaneFormat{AV_PIX_FMT_GRAY8, Chroma::gray},           PlaneFormat{AV_PIX_FMT_GRAY16LE, Chroma::gray, 16, 2},
};

}  // namespace

VideoDecoder::VideoDecoder(const StreamParams& params)
    : params_(params), frame_(av_frame_alloc()), packet_(av_packet_alloc()) {}
VideoDecoder::VideoDecoder(VideoDecoder&&) noexcept = default;
VideoDecoder& VideoDecoder::operator=(VideoDecoder&&) noexcept = default;
VideoDecoder::~VideoDecoder() = default;

Result<VideoDecoder> VideoDecoder::open(const StreamParams& params, std::int64_t most_pixels) {
    route_av_log();
    VideoDecoder decoder(params);
    ONETAKE_TRY(decoder.open_codec(most_pixels));
    return decoder;
}

Status VideoDecoder::open_codec(std::int64_t most_pixels) {
    const auto* found = avcodec_descriptor_get_by_name(params_.codec.c_str());
    const AVCodec* codec =
        found != nullptr && found->type == AVMEDIA_TYPE_VIDEO ? avcodec_find_decoder(found->id) : nullptr;
    if (codec == nullptr)
        return fail(ErrorCode::missing_part, fmt::format("This machine's libavcodec can't decode {}.", params_.codec));
    context_.reset(avcodec_alloc_context3(codec));
    context_->max_pixels = most_pixels;
    context_->width = params_.width;
    context_->height = params_.height;
    context_->thread_count = 1;  // more would delay images; encoding takes far longer
    context_->flags |= AV_CODEC_FLAG_LOW_DELAY;
    ONETAKE_TRY(set_extradata(*context_, params_));
    const AvErrorLines lines;
    if (const int error = avcodec_open2(context_.get(), codec, nullptr); error < 0)
        return fail(ErrorCode::unsupported,
                    fmt::format("The decoder for {} does not open: {}.", params_.codec, lines.text_or(av_text(error))));
    return {};
}

Status VideoDecoder::decode(std::span<const std::uint8_t> packet, std::int64_t number, BufferPool& pool,
                            std::vector<DecodedImage>& out) {
    if (av_new_packet(packet_.get(), static_cast<int>(packet.size())) < 0)
        return fail(ErrorCode::internal, "Out of memory while decoding.");
    if (!packet.empty()) std::memcpy(packet_->data, packet.data(), packet.size());
    packet_->pts = packet_->dts = number;
    const AvErrorLines lines;
    const int error = avcodec_send_packet(context_.get(), packet_.get());
    av_packet_unref(packet_.get());
    if (error < 0)
        return fail(ErrorCode::corrupt,
                    fmt::format("Decoding {} failed: {}.", params_.codec, lines.text_or(av_text(error))));
    return drain(pool, out);
}

Status VideoDecoder::finish(BufferPool& pool, std::vector<DecodedImage>& out) {
    const int error = avcodec_send_packet(context_.get(), nullptr);
    if (error < 0 && error != AVERROR_EOF)
        return fail(ErrorCode::corrupt,
                    fmt::format("Decoding {} failed at the end: {}.", params_.codec, av_text(error)));
    return drain(pool, out);
}

Status VideoDecoder::drain(BufferPool& pool, std::vector<DecodedImage>& out) {
    const AvErrorLines lines;
    for (;;) {
        const int error = avcodec_receive_frame(context_.get(), frame_.get());
        if (error == AVERROR(EAGAIN) || error == AVERROR_EOF) return {};
        if (error < 0)
            return fail(ErrorCode::corrupt,
                        fmt::format("Decoding {} failed: {}.", params_.codec, lines.text_or(av_text(error))));
        auto image = planes(pool);
        const auto number = frame_->pts;
        av_frame_unref(frame_.get());
        if (!image) return fail(std::move(image).error());
        out.push_back({std::move(*image), number});
    }
}

Result<PlanarImage> VideoDecoder::planes(BufferPool& pool) const {
    const auto format = std::ranges::find(kFormats, frame_->format, [](const auto& f) { return int{f.format}; });
    if (format == kFormats.end() || frame_->width < 1 || frame_->height < 1) {
        const auto* name = av_get_pix_fmt_name(static_cast<AVPixelFormat>(frame_->format));
        return fail(ErrorCode::unsupported, fmt::format("{} is decoded to a pixel format that is not supported ({}).",
                                                        params_.codec, name != nullptr ? name : "unknown"));
    }
    auto image =
        make_planar(frame_->width, frame_->height, format->chroma, params_.color, pool, format->bytes_per_sample);
    for (int i = 0; i < image.planes(); ++i) {
        const auto stride = image.stride[static_cast<std::size_t>(i)];
        if (format->depth > 8 && format->bytes_per_sample == 1)
            libyuv::Convert16To8Plane(reinterpret_cast<const std::uint16_t*>(frame_->data[i]), frame_->linesize[i] / 2,
                                      image.writable_plane(i), stride, 1 << (24 - format->depth), image.columns(i),
                                      image.rows(i));
        else
            libyuv::CopyPlane(frame_->data[i], frame_->linesize[i], image.writable_plane(i), stride,
                              image.columns(i) * format->bytes_per_sample, image.rows(i));
    }
    return image;
}

PlanarImage fitted(const PlanarImage& image, int width, int height, BufferPool& pool) {
    auto made = make_planar(width, height, image.chroma, image.color, pool, image.bytes_per_sample);
    const double scale = std::min(static_cast<double>(width) / image.width, static_cast<double>(height) / image.height);
    const auto even_part = [](double length) { return std::max(2, static_cast<int>(length / 2 + 0.5) * 2); };
    const int columns = std::min(even_part(image.width * scale), width);
    const int rows = std::min(even_part(image.height * scale), height);
    const int left = (width - columns) / 4 * 2, top = (height - rows) / 4 * 2;
    for (int i = 0; i < made.planes(); ++i) {
        const auto stride = made.stride[static_cast<std::size_t>(i)];
        const auto from_stride = image.stride[static_cast<std::size_t>(i)];
        const int x = i == 0 ? left : chroma_width(image.chroma, left);
        const int y = i == 0 ? top : chroma_height(image.chroma, top);
        const int to_columns = i == 0 ? columns : chroma_width(image.chroma, columns);
        const int to_rows = i == 0 ? rows : chroma_height(image.chroma, rows);
        auto* at = made.writable_plane(i) + std::ptrdiff_t{y} * stride + std::ptrdiff_t{x} * image.bytes_per_sample;
        const std::uint32_t black = i > 0 ? 128 : image.color.range == ColorRange::limited ? 16 : 0;
        libyuv::SetPlane(made.writable_plane(i), stride, made.columns(i) * image.bytes_per_sample, made.rows(i), black);
        if (image.bytes_per_sample == 2)
            libyuv::ScalePlane_16(reinterpret_cast<const std::uint16_t*>(image.plane(i)), from_stride / 2,
                                  image.columns(i), image.rows(i), reinterpret_cast<std::uint16_t*>(at), stride / 2,
                                  to_columns, to_rows, libyuv::kFilterBox);
        else
            libyuv::ScalePlane(image.plane(i), from_stride, image.columns(i), image.rows(i), at, stride, to_columns,
                               to_rows, libyuv::kFilterBox);
    }
    return made;
}

}  // namespace onetake
