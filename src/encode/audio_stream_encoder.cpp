#include "encode/audio_stream_encoder.h"

#include "base/error.h"

#include <fmt/format.h>

namespace onetake {

Result<std::unique_ptr<AudioStreamEncoder>> AudioStreamEncoder::open(const AudioStreamSettings& settings) {
    const int rate = settings.output_rate > 0 ? settings.output_rate : settings.sample_rate;
    AudioEncoderSettings wanted{settings.codec, rate, settings.channels, settings.bit_rate};
    if (const int usable = AudioEncoder::usable_rate(settings.codec, rate); usable > 0) wanted.sample_rate = usable;
    auto encoder = AudioEncoder::open(wanted);
    if (!encoder) return fail(std::move(encoder).error());
    auto resampler = VariableRateResampler::create(settings.sample_rate, settings.channels, wanted.sample_rate);
    if (!resampler) return fail(std::move(resampler).error());
    std::unique_ptr<AudioStreamEncoder> made(
        new AudioStreamEncoder(std::move(*encoder), std::move(*resampler), settings.title));
    if (wanted.sample_rate != rate)
        made->notes_.push_back(fmt::format("Audio of {} Hz is stored at {} Hz, because {} does not support its rate.",
                                           rate, wanted.sample_rate, settings.codec));
    // Six are 5.1 and eight 7.1, as in a WAV.
    if (settings.codec == "aac" && (settings.channels == 6 || settings.channels == 8))
        made->notes_.push_back(
            fmt::format("Channel 4 of the {} of {} is the one for low frequencies (LFE), of which AAC keeps the bass "
                        "only; the audio codec flac keeps all.",
                        settings.channels, settings.title.empty() ? "the audio" : settings.title));
    return made;
}

AudioStreamEncoder::AudioStreamEncoder(AudioEncoder encoder, VariableRateResampler resampler, std::string title)
    : StreamEncoder(encoder.params(), encoder.name()), encoder_(std::move(encoder)), resampler_(std::move(resampler)) {
    params_.title = std::move(title);
}

void AudioStreamEncoder::begin_at(std::int64_t sample) {
    first_sample_ = sample;
    resampler_.begin_at(sample);
}

Status AudioStreamEncoder::take(EncoderInput input, std::vector<Packet>& out) {
    const auto encode_chunk = [&](std::span<const float> samples) {
        const auto from = out.size();
        return to_track_times(encoder_.encode(samples, out), out, from);
    };
    if (const auto* run = std::get_if<TimedAudio>(&input)) return resampler_.write(*run, encode_chunk);
    if (const auto* silence = std::get_if<AudioSilence>(&input))
        return resampler_.write_silence(silence->until, encode_chunk);
    if (const auto* samples = std::get_if<AudioSamples>(&input)) return encode_chunk(samples->interleaved);
    return wrong_input();
}

Status AudioStreamEncoder::take_end(std::vector<Packet>& out) {
    const auto from = out.size();
    ONETAKE_TRY(resampler_.finish([&](std::span<const float> samples) { return encoder_.encode(samples, out); }));
    return to_track_times(encoder_.finish(out), out, from);
}

Status AudioStreamEncoder::to_track_times(Status status, std::vector<Packet>& out, std::size_t from) const {
    for (auto i = from; i < out.size(); ++i) {
        out[i].pts += first_sample_;
        out[i].dts += first_sample_;
    }
    return status;
}

Status AudioStreamEncoder::take_pause(std::vector<Packet>& out) {
    constexpr std::int64_t kDefaultFrame = 1024;
    const auto frame = params_.frame_size > 0 ? params_.frame_size : kDefaultFrame;
    const auto needed = params_.initial_padding + 2 * frame;
    return take(AudioSilence{MediaTime(from_ticks(encoder_.samples() + needed, params_.sample_rate))}, out);
}

StreamCounters AudioStreamEncoder::counters() const {
    auto counters = counters_;
    counters.samples = encoder_.samples();
    return counters;
}

MediaTime AudioStreamEncoder::position() const {
    return MediaTime(from_ticks(first_sample_ + encoder_.samples(), params_.sample_rate));
}

}  // namespace onetake
