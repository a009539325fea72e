#include "render/audio_mix.h"

#include <algorithm>
#include <utility>

namespace onetake {

namespace {

constexpr int kPieceSeconds = 10;

AudioMixer::Options mixer_options(int sample_rate, int channels) {
    AudioMixer::Options options;
    options.sample_rate = sample_rate;
    options.channels = channels;
    return options;
}

}  // namespace

AudioMix::AudioMix(int sample_rate, int channels)
    : sample_rate_(sample_rate), mixer_(mixer_options(sample_rate, channels)) {}

Status AudioMix::add(TrackId track, int sample_rate, int channels) {
    auto resampler = VariableRateResampler::create(sample_rate, channels, sample_rate_);
    if (!resampler) return fail(std::move(resampler).error());
    inputs_.try_emplace(track.number, Input{std::move(*resampler), mixer_.add(channels, 0), channels});
    return {};
}

SampleSink AudioMix::writer(Input& input, std::int64_t& at, bool silent) {
    return [this, &input, &at, silent](std::span<const float> samples) -> Status {
        const auto begin = std::exchange(at, at + static_cast<std::int64_t>(samples.size()) / input.channels);
        latest_ = std::max(latest_, at);
        if (silent && std::ranges::all_of(samples, [](float v) { return v == 0; }))
            mixer_.advance(input.track, at);
        else
            mixer_.write(input.track, begin, samples);
        return {};
    };
}

Status AudioMix::write(TrackId track, const TimedAudio& run) {
    auto& input = inputs_.at(track.number);
    auto at = input.resampler.samples_out();
    return input.resampler.write(run, writer(input, at, run.after_gap));
}

Status AudioMix::pause(TrackId track) {
    auto& input = inputs_.at(track.number);
    auto at = input.resampler.samples_out();
    const auto here = MediaTime(from_ticks(at, sample_rate_));
    return input.resampler.write_silence(here, writer(input, at, false));
}

void AudioMix::advance(MediaTime time) {
    const auto to = to_ticks(time.time_since_epoch(), sample_rate_);
    for (auto& [number, input] : inputs_) mixer_.advance(input.track, to);
}

Status AudioMix::take(const Sink& sink) {
    const auto piece = std::int64_t{kPieceSeconds} * sample_rate_;
    for (;;) {
        std::vector<float> samples;
        mixer_.take(std::min(latest_, mixer_.position() + piece), samples);
        if (samples.empty()) return {};
        ONETAKE_TRY(sink(std::move(samples)));
    }
}

Status AudioMix::finish(const Sink& sink) {
    for (auto& [number, input] : inputs_) {
        auto at = input.resampler.samples_out();
        ONETAKE_TRY(input.resampler.finish(writer(input, at, false)));
        mixer_.end(input.track);
    }
    ONETAKE_TRY(take(sink));
    std::vector<float> rest;
    mixer_.finish(rest);
    return rest.empty() ? Status{} : sink(std::move(rest));
}

}  // namespace onetake
