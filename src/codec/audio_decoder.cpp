#include "codec/audio_decoder.h"

#include "base/error.h"
#include "codec/av_error.h"
#include "codec/av_input.h"
#include "codec/av_log.h"

#include <algorithm>
#include <fmt/format.h>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libswresample/swresample.h>
}

namespace onetake {

// From what the decoder returns to the track's samples; made anew when that changes.
struct AudioDecoder::Converter {
    Converter() = default;
    Converter(const Converter&) = delete;
    Converter& operator=(const Converter&) = delete;
    ~Converter() {
        swr_free(&context);
        av_channel_layout_uninit(&layout);
    }
    bool fits(const AVFrame& frame) const {
        return context != nullptr && format == frame.format && rate == frame.sample_rate &&
               av_channel_layout_compare(&layout, &frame.ch_layout) == 0;
    }
    bool open(const AVFrame& frame, int sample_rate, int channels) {
        swr_free(&context);
        av_channel_layout_uninit(&layout);
        if (av_channel_layout_copy(&layout, &frame.ch_layout) < 0) return false;
        format = frame.format;
        rate = frame.sample_rate;
        AVChannelLayout from{}, to{};
        av_channel_layout_default(&to, channels);
        // Layouts that are not named are the usual ones of their number.
        if (layout.order == AV_CHANNEL_ORDER_UNSPEC || layout.nb_channels == channels)
            av_channel_layout_default(&from, layout.nb_channels);
        else
            av_channel_layout_copy(&from, &layout);
        const bool opened = swr_alloc_set_opts2(&context, &to, AV_SAMPLE_FMT_S16, sample_rate, &from,
                                                static_cast<AVSampleFormat>(format), rate, 0, nullptr) >= 0 &&
                            swr_init(context) >= 0;
        av_channel_layout_uninit(&from);
        av_channel_layout_uninit(&to);
        if (!opened) swr_free(&context);
        return opened;
    }

    SwrContext* context = nullptr;
    AVChannelLayout layout{};
    int format = -1, rate = 0;
};

AudioDecoder::AudioDecoder(const StreamParams& params, int sample_rate, int channels)
    : codec_(params.codec),
      time_scale_(params.time_scale),
      sample_rate_(sample_rate),
      channels_(channels),
      frame_(av_frame_alloc()),
      packet_(av_packet_alloc()),
      converter_(std::make_unique<Converter>()) {}
AudioDecoder::AudioDecoder(AudioDecoder&&) noexcept = default;
AudioDecoder& AudioDecoder::operator=(AudioDecoder&&) noexcept = default;
AudioDecoder::~AudioDecoder() = default;

Result<AudioDecoder> AudioDecoder::open(const StreamParams& params, int sample_rate, int channels) {
    route_av_log();
    AudioDecoder decoder(params, sample_rate, channels);
    ONETAKE_TRY(decoder.open_codec(params));
    return decoder;
}

Status AudioDecoder::open_codec(const StreamParams& params) {
    const auto* found = avcodec_descriptor_get_by_name(codec_.c_str());
    const AVCodec* codec =
        found != nullptr && found->type == AVMEDIA_TYPE_AUDIO ? avcodec_find_decoder(found->id) : nullptr;
    if (codec == nullptr)
        return fail(ErrorCode::missing_part, fmt::format("This machine's libavcodec can't decode {}.", codec_));
    context_.reset(avcodec_alloc_context3(codec));
    context_->pkt_timebase = {1, static_cast<int>(time_scale_)};
    context_->thread_count = 1;
    context_->sample_rate = params.sample_rate;
    av_channel_layout_default(&context_->ch_layout, params.channels);
    context_->bits_per_coded_sample = av_get_bits_per_sample(found->id);
    ONETAKE_TRY(set_extradata(*context_, params));
    const AvErrorLines lines;
    if (const int error = avcodec_open2(context_.get(), codec, nullptr); error < 0)
        return fail(ErrorCode::unsupported,
                    fmt::format("The decoder for {} does not open: {}.", codec_, lines.text_or(av_text(error))));
    return {};
}

Status AudioDecoder::decode(const Packet& packet, std::vector<DecodedAudio>& out) {
    ONETAKE_TRY(fill_packet(*packet_, packet));
    const AvErrorLines lines;
    const int error = avcodec_send_packet(context_.get(), packet_.get());
    av_packet_unref(packet_.get());
    if (error < 0)
        return fail(ErrorCode::corrupt, fmt::format("Decoding {} failed: {}.", codec_, lines.text_or(av_text(error))));
    return drain(out);
}

Status AudioDecoder::finish(std::vector<DecodedAudio>& out) {
    const int error = avcodec_send_packet(context_.get(), nullptr);
    if (error < 0 && error != AVERROR_EOF)
        return fail(ErrorCode::corrupt, fmt::format("Decoding {} failed at the end: {}.", codec_, av_text(error)));
    return drain(out);
}

Status AudioDecoder::drain(std::vector<DecodedAudio>& out) {
    const AvErrorLines lines;
    for (;;) {
        const int error = avcodec_receive_frame(context_.get(), frame_.get());
        if (error == AVERROR(EAGAIN) || error == AVERROR_EOF) return {};
        if (error < 0)
            return fail(ErrorCode::corrupt,
                        fmt::format("Decoding {} failed: {}.", codec_, lines.text_or(av_text(error))));
        const auto taken = take(out);
        av_frame_unref(frame_.get());
        ONETAKE_TRY(taken);
    }
}

Status AudioDecoder::take(std::vector<DecodedAudio>& out) {
    auto& converter = *converter_;
    if (frame_->pts == AV_NOPTS_VALUE || frame_->nb_samples <= 0 || frame_->sample_rate <= 0) return {};
    if (!converter.fits(*frame_) && !converter.open(*frame_, sample_rate_, channels_))
        return fail(ErrorCode::unsupported,
                    fmt::format("{} is decoded to samples that can't be converted ({} channels at {} Hz).", codec_,
                                frame_->ch_layout.nb_channels, frame_->sample_rate));
    const auto before = swr_get_delay(converter.context, 1'000'000'000);
    const int room = swr_get_out_samples(converter.context, frame_->nb_samples);
    DecodedAudio audio{from_ticks(frame_->pts, time_scale_) - Duration(before), {}};
    audio.samples.resize(static_cast<std::size_t>(std::max(room, 0)) * static_cast<std::size_t>(channels_));
    auto* to = reinterpret_cast<std::uint8_t*>(audio.samples.data());
    const int made = swr_convert(converter.context, &to, room, const_cast<const std::uint8_t**>(frame_->extended_data),
                                 frame_->nb_samples);
    if (made < 0) return fail(ErrorCode::corrupt, fmt::format("Decoding {} failed: {}.", codec_, av_text(made)));
    audio.samples.resize(static_cast<std::size_t>(made) * static_cast<std::size_t>(channels_));
    if (made > 0) out.push_back(std::move(audio));
    return {};
}

}  // namespace onetake
