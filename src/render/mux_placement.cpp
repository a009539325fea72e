#include "render/mux_placement.h"

#include "take/decimal_time.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <optional>

namespace onetake {

namespace {

constexpr double kLargestSeconds = 9e9;  // some 285 years; the limit of nanoseconds

tl::unexpected<Error> bad_times(std::string message) {
    return fail(ErrorCode::invalid_argument, std::move(message));
}

Status check_range(const std::optional<double>& value, std::string_view name) {
    if (value && !(std::abs(*value) <= kLargestSeconds))
        return bad_times(
            fmt::format("{} is {}; allowed: seconds, up to {:.0e} either way.", name, *value, kLargestSeconds));
    return {};
}

// What the options call audio_start is, for a take, the stamp of its first block; the clock model knows better.
Result<Duration> find_delta(const AudioInput& audio, const MuxOptions& options, std::optional<Duration> first_stamp) {
    ONETAKE_TRY(check_range(options.delta, "delta"));
    ONETAKE_TRY(check_range(options.video_start, "video_start"));
    ONETAKE_TRY(check_range(options.audio_start, "audio_start"));
    if (options.delta) {
        if (options.video_start || options.audio_start)
            return bad_times("delta is audio_start − video_start: give it, or the two instants, not both.");
        return duration_from_seconds(*options.delta) + audio.stamp_error();
    }
    auto video_start = first_stamp;
    if (options.video_start) video_start = duration_from_seconds(*options.video_start);
    if (!video_start)
        return bad_times("When did the video begin? Give delta, video_start, or a file with the frames' timestamps.");
    if (options.audio_start) return duration_from_seconds(*options.audio_start) + audio.stamp_error() - *video_start;
    if (!audio.begin())
        return bad_times(fmt::format("When did {} begin? A WAV has no time of its own: give audio_start or delta.",
                                     audio.wav_path()));
    return audio.begin()->time_since_epoch() - *video_start;
}

}  // namespace

Result<MuxPlacement> place_audio(CopiedVideo& video, const AudioInput& audio, const MuxOptions& options) {
    std::optional<Duration> first_stamp;
    if (!options.video_timestamps.empty()) {
        const auto stamps = read_frame_times(options.video_timestamps);
        if (!stamps) return fail(stamps.error());
        ONETAKE_TRY(video.retime(*stamps, options.video_timestamps));
        first_stamp = stamps->front();
    }
    const auto delta = find_delta(audio, options, first_stamp);
    if (!delta) return fail(delta.error());
    MuxPlacement place;
    place.delta = *delta;
    place.audio_begin = video.begin();
    place.first_sample = video.begin() + *delta;
    place.audio_end = place.first_sample + audio.length();
    place.video_end = video.end();
    if (place.audio_end <= video.begin() || place.first_sample >= video.end())
        return bad_times(fmt::format(
            "The audio would last from {:.3f} to {:.3f} s after the video's first frame, and the "
            "video ends at {:.3f} s: nothing of it would be heard. Are both instants of one clock?",
            to_seconds(*delta), to_seconds(*delta + audio.length()), to_seconds(video.end() - video.begin())));
    if (options.shortest) place.audio_end = place.video_end = std::min(place.audio_end, place.video_end);
    return place;
}

bool cut_to(MediaTime begin, MediaTime end, TimedAudio& run) {
    const auto count = static_cast<std::int64_t>(run.samples.size()) / run.channels;
    if (count == 0 || run.end <= begin || run.begin >= end) return false;
    const double period = static_cast<double>((run.end - run.begin).count()) / static_cast<double>(count);
    const auto time_of = [&](std::int64_t n) {
        return run.begin + Duration(std::llround(static_cast<double>(n) * period));
    };
    const auto samples_to = [&](MediaTime t) {
        return static_cast<std::int64_t>(std::ceil(static_cast<double>((t - run.begin).count()) / period - 1e-6));
    };
    const auto from = std::clamp<std::int64_t>(samples_to(begin), 0, count);
    const auto to = std::clamp<std::int64_t>(samples_to(end), from, count);
    if (from == to) return false;
    if (from == 0 && to == count) return true;
    const auto first = time_of(from), last = time_of(to);
    run.samples.erase(run.samples.begin() + to * run.channels, run.samples.end());
    run.samples.erase(run.samples.begin(), run.samples.begin() + from * run.channels);
    run.begin = first;
    run.end = last;
    return true;
}

}  // namespace onetake
