#include "reader/stored_audio_track.h"

#include "base/error.h"
#include "codec/variable_rate_resampler.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <utility>

namespace onetake {

namespace {

constexpr std::int64_t kMostSamples = 100'000'000;
constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kContext = 256;  // samples of a span that interpolation needs beyond what was asked for

std::int16_t to_int16(float v) {
    return static_cast<std::int16_t>(std::lrint(std::clamp(v * 32768.0F, -32768.0F, 32767.0F)));
}

// The instant of sample `i` of a span, 0 to `samples`.
std::int64_t time_in(const SampleSpan& span, std::int64_t i) {
    const double share = static_cast<double>(i) / static_cast<double>(span.samples);
    return span.begin_ns + std::llround(share * static_cast<double>(span.end_ns - span.begin_ns));
}

// The part of a span that the audio from `from` to `to` needs, with its times counted from `from`. Spans are lines, so
// a part of one is as good as the whole.
SampleSpan cut(const SampleSpan& span, std::int64_t from, std::int64_t to) {
    const double samples_per_ns =
        static_cast<double>(span.samples) / static_cast<double>(std::max<std::int64_t>(1, span.end_ns - span.begin_ns));
    const auto index = [&](std::int64_t t) {
        return std::floor(static_cast<double>(t - span.begin_ns) * samples_per_ns);
    };
    const auto last = static_cast<double>(span.samples);
    const auto first = static_cast<std::int64_t>(std::clamp(index(from) - kContext, 0.0, last));
    const auto end = static_cast<std::int64_t>(std::clamp(index(to) + kContext, 0.0, last));
    return {span.first_sample + first, end - first, time_in(span, first) - from, time_in(span, end) - from,
            span.after_gap && first == 0};
}

}  // namespace

StoredAudioReader::StoredAudioReader(const TrackRecord& record, std::string path)
    : track_(record.track),
      rate_(record.audio.sample_rate),
      channels_(record.audio.channels),
      path_(std::move(path)),
      description_(record.audio) {
    clock_.emplace(track_clock(description_));
}

void StoredAudioReader::add(const BlockRecord& block) {
    clock_->add(clock_stamp(block.first_sample, block.samples, block.time, block.xrun, block.source), settled_);
    count_ = std::max(count_, block.first_sample + block.samples);
}

void StoredAudioReader::end() {
    clock_->finish(settled_);
    clock_.emplace(track_clock(description_));
    again_.push_back(settled_.size());
}

void StoredAudioReader::update(Duration shift, bool complete) {
    auto spans = settled_;
    // What is not settled yet gets the times it would have if the take ended now.
    auto rest = *clock_;
    rest.finish(spans);
    for (const auto i : again_)
        if (i < spans.size()) spans[i].after_gap = true;
    if (complete) settled_ = spans;
    spans_.clear();
    for (const auto& span : spans)
        if (span.frames > 0 && span.end > span.begin)
            spans_.push_back(
                {span.first_sample, span.frames, to_ns(span.begin + shift), to_ns(span.end + shift), span.after_gap});
}

Result<std::int64_t> StoredAudioReader::time_of(std::int64_t sample) const {
    const auto after = std::ranges::upper_bound(spans_, sample, {}, &SampleSpan::first_sample);
    if (sample < 0 || after == spans_.begin() || sample >= std::prev(after)->first_sample + std::prev(after)->samples)
        return fail(ErrorCode::invalid_argument,
                    fmt::format("{} has no sample {}; it has {}.", to_string(track_), sample, count_));
    const auto& span = *std::prev(after);
    return time_in(span, sample - span.first_sample);
}

Result<std::vector<std::int16_t>> StoredAudioReader::read(std::int64_t first, std::int64_t count) const {
    if (first < 0 || count < 0 || count > kMostSamples)
        return fail(
            ErrorCode::invalid_argument,
            fmt::format("{} samples from {} can't be read; at most {} are read at once.", count, first, kMostSamples));
    auto wav = WavReader::open(path_);
    if (!wav) return fail(std::move(wav).error());
    std::vector<std::int16_t> samples;
    ONETAKE_TRY(wav->read(first, std::min(count, std::max<std::int64_t>(0, count_ - first)), samples));
    return samples;
}

Result<std::vector<std::int16_t>> StoredAudioReader::between(std::int64_t from_ns, std::int64_t to_ns) const {
    std::int64_t length = 0;  // untrusted, as all times
    if (to_ns < from_ns || __builtin_sub_overflow(to_ns, from_ns, &length) || length / kSecond > kMostSamples / rate_)
        return fail(ErrorCode::invalid_argument,
                    fmt::format("The audio from {} to {} ns can't be read: at most {} samples are read at once.",
                                from_ns, to_ns, kMostSamples));
    auto wav = WavReader::open(path_);
    if (!wav) return fail(std::move(wav).error());
    auto resampler = VariableRateResampler::create(rate_, channels_, rate_);
    if (!resampler) return fail(std::move(resampler).error());
    const auto wanted =
        static_cast<std::size_t>(to_ticks(Duration(length), rate_)) * static_cast<std::size_t>(channels_);
    std::vector<std::int16_t> audio;
    audio.reserve(wanted);
    const auto keep = [&](std::span<const float> samples) -> Status {
        for (const auto v : samples)
            if (audio.size() < wanted) audio.push_back(to_int16(v));
        return {};
    };
    auto span = std::ranges::upper_bound(spans_, from_ns, {}, &SampleSpan::end_ns);
    // The span before ends here, and its last samples shape the first ones that were asked for.
    if (span != spans_.end() && span != spans_.begin() && !span->after_gap) --span;
    bool begun = false;
    for (; span != spans_.end() && span->begin_ns < to_ns + kContext * kSecond / rate_; ++span) {
        const auto part = cut(*span, from_ns, to_ns);
        if (part.samples == 0) continue;
        TimedAudio run;
        run.channels = channels_;
        ONETAKE_TRY(wav->read(part.first_sample, part.samples, run.samples));
        if (run.samples.empty()) break;
        run.begin = MediaTime(Duration(part.begin_ns));
        run.end = MediaTime(Duration(part.end_ns));
        run.after_gap = part.after_gap || !std::exchange(begun, true);
        ONETAKE_TRY(resampler->write(run, keep));
    }
    ONETAKE_TRY(resampler->finish(keep));
    audio.resize(wanted);
    return audio;
}

}  // namespace onetake
