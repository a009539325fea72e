#include "mix/audio_mixer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace onetake {

namespace {

constexpr double kUnit = 1099511627776.0;  // 2^40: full scale. 2^23 tracks at full scale fit into 64 bits
constexpr double kMostMagnitude = 64;      // of a float sample; beyond it, and NaN, is no audio

std::int64_t to_units(double value) {
    return std::llrint(value * kUnit);
}
double value_of(std::int16_t sample) {
    return sample / 32768.0;
}
double value_of(float sample) {
    return std::abs(sample) <= kMostMagnitude ? double{sample} : 0;
}

void append(std::vector<std::int16_t>& out, double value) {
    out.push_back(static_cast<std::int16_t>(std::clamp(std::nearbyint(value * 32768), -32768.0, 32767.0)));
}
void append(std::vector<float>& out, double value) {
    out.push_back(static_cast<float>(value));
}

int samples_in(Duration duration, int rate) {
    return static_cast<int>(to_ticks(duration, rate));
}

// Half a cosine, without its 0 and its 1.
std::vector<double> make_ramp(int samples) {
    std::vector<double> ramp(static_cast<std::size_t>(std::max(samples, 0)));
    for (std::size_t i = 0; i < ramp.size(); ++i)
        ramp[i] =
            0.5 - 0.5 * std::cos(std::numbers::pi * static_cast<double>(i + 1) / static_cast<double>(ramp.size() + 1));
    return ramp;
}

}  // namespace

AudioMixer::AudioMixer(const Options& options)
    : options_(options),
      ramp_(make_ramp(samples_in(options.ramp, options.sample_rate))),
      limiter_(to_units(options.threshold), samples_in(options.look_ahead, options.sample_rate),
               samples_in(options.release, options.sample_rate)),
      sums_begin_(options.begin),
      limited_(options.begin) {}

AudioMixer::Track AudioMixer::add(int channels, std::int64_t from) {
    Input input;
    input.matrix = channel_matrix(channels, options_.channels);
    input.end = input.piece = from;
    inputs_.push_back(std::move(input));
    return static_cast<Track>(inputs_.size()) - 1;
}

void AudioMixer::write(Track track, std::int64_t at, std::span<const std::int16_t> samples) {
    write_samples(inputs_[static_cast<std::size_t>(track)], at, samples);
}
void AudioMixer::write(Track track, std::int64_t at, std::span<const float> samples) {
    write_samples(inputs_[static_cast<std::size_t>(track)], at, samples);
}

template <class Sample>
void AudioMixer::write_samples(Input& input, std::int64_t at, std::span<const Sample> samples) {
    const auto inputs = static_cast<std::size_t>(input.matrix.inputs);
    if (at < input.end) {
        const auto left_out = std::min(static_cast<std::size_t>(input.end - at), samples.size() / inputs);
        samples = samples.subspan(left_out * inputs);
        at += static_cast<std::int64_t>(left_out);
    }
    if (input.ended || samples.size() < inputs) return;
    if (at > input.end) {
        end_piece(input);
        input.piece = input.end = at;
    }
    for (std::size_t i = 0; i + inputs <= samples.size(); i += inputs, ++input.end) {
        const auto since = static_cast<std::size_t>(input.end - input.piece);
        const double gain = since < ramp_.size() ? ramp_[since] : 1;
        for (int o = 0; o < input.matrix.outputs; ++o) {
            double value = 0;
            for (int c = 0; c < input.matrix.inputs; ++c)
                if (const double factor = input.matrix.at(o, c); factor != 0)
                    value += factor * value_of(samples[i + static_cast<std::size_t>(c)]);
            input.pending.push_back(to_units(gain * value));
        }
    }
    const auto frames = input.pending.size() / static_cast<std::size_t>(options_.channels);
    if (frames > ramp_.size()) release(input, frames - ramp_.size());
}

// Moves the oldest pending samples to the sums.
void AudioMixer::release(Input& input, std::size_t frames) {
    const auto values = frames * static_cast<std::size_t>(options_.channels);
    const auto pending = static_cast<std::int64_t>(input.pending.size()) / options_.channels;
    add_to_sums(input.end - pending, std::span(input.pending).first(values));
    input.pending.erase(input.pending.begin(), input.pending.begin() + static_cast<std::ptrdiff_t>(values));
}

void AudioMixer::end_piece(Input& input) {
    const auto channels = static_cast<std::size_t>(options_.channels);
    const auto frames = input.pending.size() / channels;
    for (std::size_t f = 0; f < frames; ++f)
        for (std::size_t c = 0; c < channels; ++c) {
            auto& value = input.pending[f * channels + c];
            value = std::llrint(static_cast<double>(value) * ramp_[frames - 1 - f]);
        }
    release(input, frames);
    input.piece = input.end;
}

void AudioMixer::add_to_sums(std::int64_t at, std::span<const std::int64_t> values) {
    const auto channels = static_cast<std::size_t>(options_.channels);
    if (at < limited_) {
        const auto left_out = std::min(static_cast<std::size_t>(limited_ - at), values.size() / channels);
        late_ += static_cast<std::int64_t>(left_out);
        values = values.subspan(left_out * channels);
        at += static_cast<std::int64_t>(left_out);
    }
    const auto first = static_cast<std::size_t>(at - sums_begin_) * channels;
    if (values.empty()) return;
    if (sums_.size() < first + values.size()) sums_.resize(first + values.size());
    for (std::size_t i = 0; i < values.size(); ++i) sums_[first + i] += values[i];
}

void AudioMixer::advance(Track track, std::int64_t to) {
    auto& input = inputs_[static_cast<std::size_t>(track)];
    if (input.ended || to <= input.end) return;
    end_piece(input);
    input.piece = input.end = to;
}

void AudioMixer::end(Track track) {
    auto& input = inputs_[static_cast<std::size_t>(track)];
    if (input.ended) return;
    end_piece(input);
    input.ended = true;
}

// Before this position no track can change the sums.
std::int64_t AudioMixer::settled() const {
    auto position = std::numeric_limits<std::int64_t>::max();
    for (const auto& input : inputs_)
        if (!input.ended)
            position =
                std::min(position, input.end - static_cast<std::int64_t>(input.pending.size()) / options_.channels);
    return position;
}

template <class Sample>
void AudioMixer::take_samples(std::int64_t until, std::vector<Sample>& out) {
    const auto channels = static_cast<std::size_t>(options_.channels);
    const auto end = std::min(until + limiter_.ahead(), settled());
    if (end <= limited_) return;
    if (const auto needed = static_cast<std::size_t>(end - sums_begin_) * channels; sums_.size() < needed)
        sums_.resize(needed);
    for (; limited_ < end; ++limited_) {
        const auto* newest = &sums_[static_cast<std::size_t>(limited_ - sums_begin_) * channels];
        std::int64_t magnitude = 0;
        for (std::size_t c = 0; c < channels; ++c) magnitude = std::max(magnitude, std::abs(newest[c]));
        const double gain = limiter_.next(magnitude);
        const auto at = limited_ - limiter_.ahead();
        if (at < options_.begin) continue;
        const auto* sum = &sums_[static_cast<std::size_t>(at - sums_begin_) * channels];
        for (std::size_t c = 0; c < channels; ++c) append(out, static_cast<double>(sum[c]) / kUnit * gain);
    }
    const auto done = std::clamp<std::int64_t>(position() - sums_begin_, 0, limited_ - sums_begin_);
    sums_.erase(sums_.begin(), sums_.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(done) * channels));
    sums_begin_ += done;
}

template <class Sample>
void AudioMixer::finish_samples(std::vector<Sample>& out) {
    std::int64_t last = position();
    for (Track track = 0; track < static_cast<Track>(inputs_.size()); ++track) {
        end(track);
        last = std::max(last, inputs_[static_cast<std::size_t>(track)].end);
    }
    take_samples(last, out);
}

template void AudioMixer::take_samples(std::int64_t, std::vector<std::int16_t>&);
template void AudioMixer::take_samples(std::int64_t, std::vector<float>&);
template void AudioMixer::finish_samples(std::vector<std::int16_t>&);
template void AudioMixer::finish_samples(std::vector<float>&);

}  // namespace onetake
