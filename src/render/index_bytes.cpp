#include "render/index_bytes.h"

#include "container/muxer.h"
#include "render/track_encoders.h"

#include <algorithm>

namespace onetake {

namespace {

constexpr int kAacFrame = 1024;
constexpr std::uint64_t kIndexPerTrack = 4096;  // names and headers

// A stored take's length comes from its stamps, which may be wrong. Where it is far longer than its media, less is
// reserved, and the index goes to the end.
double plausible(double seconds, const std::vector<TrackRecord>& tracks, const std::optional<TakeTotals>& totals) {
    constexpr double kStretch = 4, kPauses_s = 600;
    if (!totals) return seconds;
    double media_s = 0;
    for (const auto& t : tracks)
        media_s += t.track.kind == TrackKind::data ? 0
                   : t.track.kind == TrackKind::audio
                       ? static_cast<double>(totals->samples) / t.audio.sample_rate
                       : static_cast<double>(totals->frames) / (t.video.fps > 0 ? t.video.fps : kUnknownFps);
    return std::min(seconds, kStretch * media_s + kPauses_s);
}

}  // namespace

std::uint64_t index_bytes(const RenderOptions& options, const std::vector<TrackRecord>& tracks,
                          const std::optional<TakeTotals>& totals, std::size_t tag_bytes) {
    constexpr double kMargin = 1.1;  // for a camera faster than its label
    const auto length = totals ? totals->length : options.expected_length;
    if (length <= Duration{}) return totals ? estimate_index_bytes(totals->frames, 0) : 0;
    const double seconds = plausible(to_seconds(length) + 1, tracks, totals);
    double frames = 0, audio_packets = 0;
    for (const auto& t : tracks) {
        if (t.track.kind == TrackKind::data) continue;  // not in a file that has an index in front
        if (t.track.kind == TrackKind::audio)
            audio_packets += seconds * t.audio.sample_rate / kAacFrame + 10;
        else
            frames += seconds * kMargin * (t.video.fps > 0 ? t.video.fps : kUnknownFps);
    }
    if (totals) frames = static_cast<double>(totals->frames);
    if (options.cfr) frames = std::max(frames, seconds * *options.cfr * static_cast<double>(tracks.size()));
    return estimate_index_bytes(static_cast<std::uint64_t>(frames), static_cast<std::uint64_t>(audio_packets)) +
           kIndexPerTrack * tracks.size() + tag_bytes;
}

}  // namespace onetake
