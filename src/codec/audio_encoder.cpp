#include "codec/audio_encoder.h"

#include "base/error.h"
#include "codec/av_error.h"
#include "codec/av_log.h"
#include "media/speakers.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/channel_layout.h>
#include <libavutil/samplefmt.h>
}

namespace onetake {

namespace {

// Samples per packet for codecs without a frame size (PCM).
constexpr int kDefaultFrameSize = 1024;

const AVSampleFormat* sample_formats(const AVCodec* codec) {
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(61, 13, 100)
    const void* list = nullptr;
    avcodec_get_supported_config(nullptr, codec, AV_CODEC_CONFIG_SAMPLE_FORMAT, 0, &list, nullptr);
    return static_cast<const AVSampleFormat*>(list);
#else
    return codec->sample_fmts;
#endif
}

const int* sample_rates(const AVCodec* codec) {
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(61, 13, 100)
    const void* list = nullptr;
    avcodec_get_supported_config(nullptr, codec, AV_CODEC_CONFIG_SAMPLE_RATE, 0, &list, nullptr);
    return static_cast<const int*>(list);
#else
    return codec->supported_samplerates;
#endif
}

AVSampleFormat usable_format(const AVCodec* codec) {
    const auto* formats = sample_formats(codec);
    if (formats == nullptr) return AV_SAMPLE_FMT_S16;
    for (; *formats != AV_SAMPLE_FMT_NONE; ++formats)
        if (*formats == AV_SAMPLE_FMT_FLTP || *formats == AV_SAMPLE_FMT_FLT || *formats == AV_SAMPLE_FMT_S16 ||
            *formats == AV_SAMPLE_FMT_S16P)
            return *formats;
    return AV_SAMPLE_FMT_NONE;
}

template <class Sample, class Convert>
void fill(AVFrame* frame, std::span<const float> interleaved, int channels, Convert convert) {
    const bool planar = av_sample_fmt_is_planar(static_cast<AVSampleFormat>(frame->format)) != 0;
    const auto width = static_cast<std::size_t>(channels);
    const std::size_t frames = interleaved.size() / width;
    for (std::size_t c = 0; c < width; ++c) {
        auto* out = reinterpret_cast<Sample*>(frame->extended_data[planar ? c : 0]) + (planar ? 0 : c);
        const std::size_t step = planar ? 1 : width;
        for (std::size_t i = 0; i < frames; ++i) out[i * step] = convert(interleaved[i * width + c]);
    }
}

}  // namespace

AudioEncoder::AudioEncoder(AudioEncoderSettings settings)
    : settings_(std::move(settings)), frame_(av_frame_alloc()), packet_(av_packet_alloc()) {}
AudioEncoder::AudioEncoder(AudioEncoder&&) noexcept = default;
AudioEncoder& AudioEncoder::operator=(AudioEncoder&&) noexcept = default;
AudioEncoder::~AudioEncoder() = default;

int AudioEncoder::usable_rate(const std::string& codec, int wanted) {
    const AVCodec* found = avcodec_find_encoder_by_name(codec.c_str());
    if (found == nullptr) return 0;
    const int* rates = sample_rates(found);
    if (rates == nullptr) return wanted;
    int above = 0, highest = 0;
    for (; *rates != 0; ++rates) {
        highest = std::max(highest, *rates);
        if (*rates >= wanted && (above == 0 || *rates < above)) above = *rates;
    }
    return above != 0 ? above : highest;
}

Result<AudioEncoder> AudioEncoder::open(AudioEncoderSettings settings) {
    route_av_log();
    AudioEncoder encoder(std::move(settings));
    ONETAKE_TRY(encoder.open_codec());
    return encoder;
}

Status AudioEncoder::open_codec() {
    const AVCodec* codec = avcodec_find_encoder_by_name(settings_.codec.c_str());
    if (codec == nullptr || codec->type != AVMEDIA_TYPE_AUDIO)
        return fail(ErrorCode::missing_part,
                    fmt::format("This machine's libavcodec has no audio encoder \"{}\". Choose another, for example "
                                "aac.",
                                settings_.codec));
    const AVSampleFormat format = usable_format(codec);
    if (format == AV_SAMPLE_FMT_NONE || settings_.channels <= 0 || settings_.sample_rate <= 0)
        return fail(ErrorCode::unsupported, fmt::format("The encoder {} can't take {} channels at {} Hz.",
                                                        settings_.codec, settings_.channels, settings_.sample_rate));
    context_.reset(avcodec_alloc_context3(codec));
    context_->sample_rate = settings_.sample_rate;
    context_->sample_fmt = format;
    context_->bit_rate = settings_.bit_rate;
    context_->time_base = {1, settings_.sample_rate};
    context_->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    context_->thread_count = 1;
    if (const auto mask = speaker_mask(settings_.channels); mask != 0)
        av_channel_layout_from_mask(&context_->ch_layout, mask);
    else
        av_channel_layout_default(&context_->ch_layout, settings_.channels);
    const AvErrorLines lines;
    if (const int error = avcodec_open2(context_.get(), codec, nullptr); error < 0)
        return fail(ErrorCode::unsupported,
                    fmt::format("The encoder {} does not open for {} channels at {} Hz: {}.", settings_.codec,
                                settings_.channels, settings_.sample_rate, lines.text_or(av_text(error))));
    params_.kind = TrackKind::audio;
    params_.codec = avcodec_get_name(codec->id);
    params_.time_scale = settings_.sample_rate;
    params_.extradata.assign(context_->extradata, context_->extradata + context_->extradata_size);
    params_.bit_rate = context_->bit_rate;
    params_.sample_rate = settings_.sample_rate;
    params_.channels = settings_.channels;
    params_.frame_size = context_->frame_size;
    params_.initial_padding = context_->initial_padding;
    params_.profile = context_->profile;
    next_pts_ = -context_->initial_padding;
    return {};
}

Status AudioEncoder::encode(std::span<const float> interleaved, std::vector<Packet>& out) {
    if (finished_) return fail(ErrorCode::wrong_state, "The audio encoder is finished and takes no more samples.");
    const auto channels = static_cast<std::size_t>(settings_.channels);
    if (interleaved.size() % channels != 0)
        return fail(ErrorCode::invalid_argument,
                    fmt::format("{} samples do not divide into {} channels.", interleaved.size(), channels));
    samples_ += static_cast<std::int64_t>(interleaved.size() / channels);
    const std::size_t piece =
        static_cast<std::size_t>(context_->frame_size > 0 ? context_->frame_size : kDefaultFrameSize) * channels;
    if (!waiting_.empty()) {
        const auto fitting = interleaved.first(std::min(piece - waiting_.size(), interleaved.size()));
        for (const float sample : fitting) waiting_.push_back(sample);
        interleaved = interleaved.subspan(fitting.size());
        if (waiting_.size() < piece) return {};
        ONETAKE_TRY(send(waiting_, out));
        waiting_.clear();
    }
    while (interleaved.size() >= piece) {
        ONETAKE_TRY(send(interleaved.first(piece), out));
        interleaved = interleaved.subspan(piece);
    }
    waiting_.assign(interleaved.begin(), interleaved.end());
    return {};
}

Status AudioEncoder::finish(std::vector<Packet>& out) {
    if (finished_) return {};
    finished_ = true;
    if (samples_ == 0) return {};
    if (!waiting_.empty()) {
        // Codecs that can't take a short last frame get it padded with silence; the last duration marks the end.
        const auto piece =
            static_cast<std::size_t>(context_->frame_size) * static_cast<std::size_t>(settings_.channels);
        const bool short_ok =
            (context_->codec->capabilities & (AV_CODEC_CAP_SMALL_LAST_FRAME | AV_CODEC_CAP_VARIABLE_FRAME_SIZE)) != 0;
        if (!short_ok && piece > waiting_.size()) waiting_.resize(piece, 0.0F);
        ONETAKE_TRY(send(waiting_, out));
        waiting_.clear();
    }
    const AvErrorLines lines;
    if (const int error = avcodec_send_frame(context_.get(), nullptr); error < 0)
        return fail(ErrorCode::internal, fmt::format("The encoder {} failed at the end: {}.", settings_.codec,
                                                     lines.text_or(av_text(error))));
    return drain(out);
}

Status AudioEncoder::send(std::span<const float> interleaved, std::vector<Packet>& out) {
    AVFrame* frame = frame_.get();
    frame->format = context_->sample_fmt;
    frame->sample_rate = settings_.sample_rate;
    frame->nb_samples = static_cast<int>(interleaved.size() / static_cast<std::size_t>(settings_.channels));
    av_channel_layout_copy(&frame->ch_layout, &context_->ch_layout);
    if (av_frame_get_buffer(frame, 0) < 0) return fail(ErrorCode::internal, "Out of memory while encoding audio.");
    frame->pts = sent_;
    sent_ += frame->nb_samples;
    if (av_get_packed_sample_fmt(context_->sample_fmt) == AV_SAMPLE_FMT_FLT)
        fill<float>(frame, interleaved, settings_.channels, [](float x) { return x; });
    else
        fill<std::int16_t>(frame, interleaved, settings_.channels, [](float x) {
            return static_cast<std::int16_t>(std::lrint(std::clamp(x * 32768.0F, -32768.0F, 32767.0F)));
        });
    const AvErrorLines lines;
    const int error = avcodec_send_frame(context_.get(), frame);
    av_frame_unref(frame);
    if (error < 0)
        return fail(ErrorCode::internal,
                    fmt::format("The encoder {} failed: {}.", settings_.codec, lines.text_or(av_text(error))));
    return drain(out);
}

Status AudioEncoder::drain(std::vector<Packet>& out) {
    const AvErrorLines lines;
    for (;;) {
        const int error = avcodec_receive_packet(context_.get(), packet_.get());
        if (error == AVERROR(EAGAIN) || error == AVERROR_EOF) return {};
        if (error < 0)
            return fail(ErrorCode::internal,
                        fmt::format("The encoder {} failed: {}.", settings_.codec, lines.text_or(av_text(error))));
        const AVPacket* from = packet_.get();
        const std::int64_t length = context_->frame_size > 0 ? context_->frame_size : from->duration;
        Packet packet;
        packet.pts = packet.dts = next_pts_;
        packet.duration = std::min(length, samples_ - next_pts_);
        packet.key = true;
        packet.bytes.assign(from->data, from->data + from->size);
        next_pts_ += length;
        av_packet_unref(packet_.get());
        // Packets entirely after the end only flush the codec and hold no audio.
        if (packet.duration > 0) out.push_back(std::move(packet));
    }
}

}  // namespace onetake
