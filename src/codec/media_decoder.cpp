#include "codec/media_decoder.h"

#include "codec/av_error.h"
#include "codec/av_input.h"
#include "codec/av_log.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <string>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/intreadwrite.h>
#include <libavutil/pixdesc.h>
}

namespace onetake {

namespace {

constexpr std::int64_t kMostPixels = std::int64_t{1} << 27;
constexpr int kMostThreads = 2;  // each adds a frame of delay and memory
constexpr int kStep = 2;         // every other column and row suffices for the mean

int value_at(const AVFrame& frame, const AVComponentDescriptor& c, int x, int y) {
    const auto* at =
        frame.data[c.plane] + std::ptrdiff_t{y} * frame.linesize[c.plane] + std::ptrdiff_t{x} * c.step + c.offset;
    const int raw = c.depth + c.shift > 8 ? AV_RL16(at) : *at;
    return (raw >> c.shift) & ((1 << c.depth) - 1);
}

// Mean of one component over the frame, 0 … 255.
double mean_of(const AVFrame& frame, const AVComponentDescriptor& c) {
    std::int64_t sum = 0, count = 0;
    for (int y = 0; y < frame.height; y += kStep)
        for (int x = 0; x < frame.width; x += kStep, ++count) sum += value_at(frame, c, x, y);
    return static_cast<double>(sum) / static_cast<double>(count) / static_cast<double>(1 << (c.depth - 8));
}

bool readable(const AVPixFmtDescriptor* format) {
    constexpr std::uint64_t kUnsupported = AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_BITSTREAM | AV_PIX_FMT_FLAG_HWACCEL |
                                           AV_PIX_FMT_FLAG_BE | AV_PIX_FMT_FLAG_FLOAT | AV_PIX_FMT_FLAG_BAYER;
    if (format == nullptr || (format->flags & kUnsupported) != 0) return false;
    return std::all_of(format->comp, format->comp + std::min<int>(format->nb_components, 3),
                       [](const AVComponentDescriptor& c) { return c.depth >= 8 && c.depth <= 16; });
}

// RGB is weighted as in BT.601.
double luma_of(const AVFrame& frame, const AVPixFmtDescriptor& format) {
    if ((format.flags & AV_PIX_FMT_FLAG_RGB) != 0)
        return 0.299 * mean_of(frame, format.comp[0]) + 0.587 * mean_of(frame, format.comp[1]) +
               0.114 * mean_of(frame, format.comp[2]);
    const double luma = mean_of(frame, format.comp[0]);
    const bool gray = format.nb_components < 3;
    const bool full = frame.color_range == AVCOL_RANGE_JPEG || (gray && frame.color_range != AVCOL_RANGE_MPEG);
    return full ? luma : std::clamp((luma - 16) * 255 / 219, 0.0, 255.0);
}

// Adds a channel's samples, whose `step` is 1 in planar layouts.
template <class Sample>
void mix(const std::uint8_t* from, std::ptrdiff_t step, float scale, std::vector<float>& into) {
    const std::uint8_t* at = from;
    for (float& out : into) {
        Sample value{};
        std::memcpy(&value, at, sizeof value);
        out += static_cast<float>(value) * scale;
        at += step * static_cast<std::ptrdiff_t>(sizeof value);
    }
}

bool mix_channel(AVSampleFormat packed, const std::uint8_t* from, std::ptrdiff_t step, float share,
                 std::vector<float>& into) {
    switch (packed) {
        case AV_SAMPLE_FMT_FLT:
            mix<float>(from, step, share, into);
            return true;
        case AV_SAMPLE_FMT_DBL:
            mix<double>(from, step, share, into);
            return true;
        case AV_SAMPLE_FMT_S16:
            mix<std::int16_t>(from, step, share / 32768.0F, into);
            return true;
        case AV_SAMPLE_FMT_S32:
            mix<std::int32_t>(from, step, share / 2147483648.0F, into);
            return true;
        default:
            return false;
    }
}

}  // namespace

MediaDecoder::MediaDecoder(const StreamParams& params)
    : codec_(params.codec), time_scale_(params.time_scale), frame_(av_frame_alloc()), packet_(av_packet_alloc()) {}
MediaDecoder::MediaDecoder(MediaDecoder&&) noexcept = default;
MediaDecoder& MediaDecoder::operator=(MediaDecoder&&) noexcept = default;
MediaDecoder::~MediaDecoder() = default;

Result<MediaDecoder> MediaDecoder::open(const StreamParams& params, Errors errors) {
    route_av_log();
    MediaDecoder decoder(params);
    ONETAKE_TRY(decoder.open_codec(params, errors));
    return decoder;
}

Status MediaDecoder::open_codec(const StreamParams& params, Errors errors) {
    const auto* found = avcodec_descriptor_get_by_name(codec_.c_str());
    const auto wanted = params.kind == TrackKind::video ? AVMEDIA_TYPE_VIDEO : AVMEDIA_TYPE_AUDIO;
    if (params.kind == TrackKind::data || found == nullptr || found->type != wanted || time_scale_ <= 0 ||
        time_scale_ > INT32_MAX)
        return fail(ErrorCode::unsupported, fmt::format("A stream of \"{}\" can't be decoded.", codec_));
    const AVCodec* codec = avcodec_find_decoder(found->id);
    if (codec == nullptr)
        return fail(ErrorCode::missing_part, fmt::format("This machine's libavcodec can't decode {}.", codec_));
    context_.reset(avcodec_alloc_context3(codec));
    context_->pkt_timebase = {1, static_cast<int>(time_scale_)};
    context_->max_pixels = kMostPixels;
    if (errors == Errors::all)
        context_->err_recognition = AV_EF_CRCCHECK | AV_EF_BITSTREAM | AV_EF_BUFFER | AV_EF_EXPLODE;
    context_->thread_count = params.kind == TrackKind::video ? kMostThreads : 1;
    ONETAKE_TRY(set_extradata(*context_, params));
    if (params.kind == TrackKind::video) {
        context_->width = params.width;
        context_->height = params.height;
        context_->color_range = params.color.range == ColorRange::full ? AVCOL_RANGE_JPEG : AVCOL_RANGE_UNSPECIFIED;
    } else {
        context_->sample_rate = params.sample_rate;
        av_channel_layout_default(&context_->ch_layout, params.channels);
        context_->bits_per_coded_sample = av_get_bits_per_sample(found->id);
    }
    const AvErrorLines lines;
    if (const int error = avcodec_open2(context_.get(), codec, nullptr); error < 0)
        return fail(ErrorCode::unsupported,
                    fmt::format("The decoder for {} does not open: {}.", codec_, lines.text_or(av_text(error))));
    return {};
}

Status MediaDecoder::decode(const Packet& packet, DecodedMedia& out) {
    ONETAKE_TRY(fill_packet(*packet_, packet));
    const AvErrorLines lines;
    const int error = avcodec_send_packet(context_.get(), packet_.get());
    av_packet_unref(packet_.get());
    if (error < 0)
        return fail(ErrorCode::corrupt,
                    fmt::format("Decoding {} failed at {} s: {}.", codec_,
                                to_seconds(from_ticks(packet.pts, time_scale_)), lines.text_or(av_text(error))));
    return drain(out);
}

Status MediaDecoder::finish(DecodedMedia& out) {
    const int error = avcodec_send_packet(context_.get(), nullptr);
    if (error < 0 && error != AVERROR_EOF)
        return fail(ErrorCode::corrupt, fmt::format("Decoding {} failed at the end: {}.", codec_, av_text(error)));
    return drain(out);
}

Status MediaDecoder::drain(DecodedMedia& out) {
    const AvErrorLines lines;
    for (;;) {
        const int error = avcodec_receive_frame(context_.get(), frame_.get());
        if (error == AVERROR(EAGAIN) || error == AVERROR_EOF) return {};
        if (error < 0)
            return fail(ErrorCode::corrupt,
                        fmt::format("Decoding {} failed: {}.", codec_, lines.text_or(av_text(error))));
        if (frame_->pts == AV_NOPTS_VALUE)
            return fail(ErrorCode::corrupt,
                        fmt::format("The decoder for {} returned a frame without a timestamp.", codec_));
        ONETAKE_TRY(context_->codec_type == AVMEDIA_TYPE_VIDEO ? take_video(out) : take_audio(out));
        av_frame_unref(frame_.get());
    }
}

Status MediaDecoder::take_video(DecodedMedia& out) const {
    if ((context_->err_recognition & AV_EF_EXPLODE) != 0 && frame_->decode_error_flags != 0)
        return fail(ErrorCode::corrupt, fmt::format("Decoding {} failed at {} s.", codec_,
                                                    to_seconds(from_ticks(frame_->pts, time_scale_))));
    const auto* format = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame_->format));
    if (!readable(format) || frame_->width < 1 || frame_->height < 1)
        return fail(ErrorCode::unsupported, fmt::format("{} is decoded to a pixel format that is not supported ({}).",
                                                        codec_, format != nullptr ? format->name : "unknown"));
    out.frames.push_back({from_ticks(frame_->pts, time_scale_), luma_of(*frame_, *format)});
    return {};
}

Status MediaDecoder::take_audio(DecodedMedia& out) const {
    const auto format = static_cast<AVSampleFormat>(frame_->format);
    const bool planar = av_sample_fmt_is_planar(format) != 0;
    const int channels = frame_->ch_layout.nb_channels;
    MonoAudio audio{from_ticks(frame_->pts, time_scale_), frame_->sample_rate, {}};
    bool readable_samples = channels > 0 && frame_->sample_rate > 0;
    audio.samples.resize(static_cast<std::size_t>(std::max(0, frame_->nb_samples)));
    const auto packed = av_get_packed_sample_fmt(format);
    const float share = 1.0F / static_cast<float>(std::max(1, channels));
    for (int c = 0; readable_samples && c < channels; ++c) {
        const std::uint8_t* from = frame_->extended_data[planar ? c : 0];
        if (!planar) from += std::ptrdiff_t{c} * av_get_bytes_per_sample(format);
        readable_samples = mix_channel(packed, from, planar ? 1 : channels, share, audio.samples);
    }
    if (!readable_samples)
        return fail(ErrorCode::unsupported,
                    fmt::format("{} is decoded to a sample format that is not supported.", codec_));
    // Matroska's priming has negative times.
    const auto early = std::min(to_ticks(-std::min(audio.time, Duration{}), audio.sample_rate),
                                static_cast<std::int64_t>(audio.samples.size()));
    if (early > 0) {
        audio.samples.erase(audio.samples.begin(), audio.samples.begin() + static_cast<std::ptrdiff_t>(early));
        audio.time += from_ticks(early, audio.sample_rate);
    }
    if (!audio.samples.empty()) out.audio.push_back(std::move(audio));
    return {};
}

}  // namespace onetake
