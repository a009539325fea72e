#include "render/copied_video.h"

#include "codec/av_log.h"

#include <algorithm>
#include <fmt/format.h>
#include <numeric>

namespace onetake {

namespace {

constexpr std::int64_t kNewTimeScale = 90000;
// What MP4 can store between two frames, in 31 bits.
constexpr Duration kLongestGap = std::chrono::hours(6);

}  // namespace

Result<CopiedVideo> CopiedVideo::read(const std::string& path) {
    CopiedVideo video(path);
    ONETAKE_TRY(video.read_packets());
    video.fill_durations();
    ONETAKE_TRY(video.check_decoding_times());
    return video;
}

Status CopiedVideo::read_packets() {
    auto demuxer = Demuxer::open(path_);
    if (!demuxer) return fail(std::move(demuxer).error());
    ONETAKE_TRY(demuxer->check_complete());
    const auto& streams = demuxer->streams();
    const auto found = std::ranges::find(streams, TrackKind::video, &StreamParams::kind);
    if (found == streams.end())
        return fail(ErrorCode::unsupported, fmt::format("{} has no video track. Is it the right file?", path_));
    stream_ = static_cast<int>(found - streams.begin());
    time_scale_ = found->time_scale;
    const AvErrorLines errors;
    std::size_t shown = 0;  // packets up to the last that is shown
    for (;;) {
        auto packet = demuxer->next();
        if (!packet) return fail(std::move(packet).error());
        if (!*packet) break;
        const auto& p = **packet;
        if (p.stream != stream_) continue;
        packets_.push_back({p.pts, p.dts, p.duration, p.hidden});
        if (p.hidden) continue;
        ++frames_;
        shown = packets_.size();
    }
    packets_.resize(shown);
    damage_ = errors.text_or("");
    if (frames_ == 0)
        return fail(ErrorCode::corrupt, fmt::format("{} has no video frames. Has its program closed it?", path_));
    return {};
}

std::vector<std::size_t> CopiedVideo::presentation_order() const {
    std::vector<std::size_t> order(packets_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, {}, [&](std::size_t i) { return packets_[i].pts; });
    return order;
}

// A duration that the file does not store is the distance to the next frame; the last frame's is its predecessor's.
void CopiedVideo::fill_durations() {
    const auto order = presentation_order();
    for (std::size_t k = 0; k < order.size(); ++k) {
        auto& times = packets_[order[k]];
        if (times.duration > 0) continue;
        if (k + 1 < order.size())
            times.duration = packets_[order[k + 1]].pts - times.pts;
        else if (k > 0)
            times.duration = packets_[order[k - 1]].duration;
    }
}

// Decoding times that the file lacks (Matroska stores none) or that don't fit: the times of presentation in order, as
// much earlier as the frames are reordered.
Status CopiedVideo::check_decoding_times() {
    bool good = true;
    for (std::size_t i = 0; i < packets_.size() && good; ++i) {
        const auto& times = packets_[i];
        good = times.dts != Packet::kNoTime && times.dts <= times.pts && (i == 0 || times.dts > packets_[i - 1].dts);
    }
    if (good) return {};
    const auto order = presentation_order();
    std::vector<std::int64_t> sorted;
    for (const auto i : order) sorted.push_back(packets_[i].pts);
    if (const auto twice = std::ranges::adjacent_find(sorted); twice != sorted.end())
        return fail(ErrorCode::corrupt, fmt::format("{} has two frames at the same time, {:.6f} s.", path_,
                                                    static_cast<double>(*twice) / static_cast<double>(time_scale_)));
    std::int64_t delay = 0;
    for (std::size_t i = 0; i < packets_.size(); ++i) delay = std::max(delay, sorted[i] - packets_[i].pts);
    for (std::size_t i = 0; i < packets_.size(); ++i) packets_[i].dts = sorted[i] - delay;
    return {};
}

MediaTime CopiedVideo::begin() const {
    std::int64_t first = INT64_MAX;
    for (const auto& times : packets_)
        if (!times.hidden) first = std::min(first, times.pts);
    return MediaTime(from_ticks(first, time_scale_));
}

MediaTime CopiedVideo::end() const {
    std::int64_t last = INT64_MIN;
    for (const auto& times : packets_)
        if (!times.hidden) last = std::max(last, times.pts + times.duration);
    return MediaTime(from_ticks(last, time_scale_));
}

Status CopiedVideo::retime(std::span<const Duration> stamps, const std::string& path) {
    if (stamps.size() != frames_)
        return fail(ErrorCode::invalid_argument,
                    fmt::format("{} has {} times, but {} has {} frames. Each frame needs one.", path, stamps.size(),
                                path_, frames_));
    if (frames_ != packets_.size())
        return fail(ErrorCode::unsupported,
                    fmt::format("{} hides {} of its frames by an edit list: they can't be given other times.", path_,
                                packets_.size() - frames_));
    for (std::size_t k = 1; k < stamps.size(); ++k) {
        const auto step =
            to_ticks(stamps[k] - stamps[0], kNewTimeScale) - to_ticks(stamps[k - 1] - stamps[0], kNewTimeScale);
        if (step < 1 || stamps[k] - stamps[k - 1] > kLongestGap)
            return fail(
                ErrorCode::invalid_argument,
                fmt::format("{}: time {} ({:.6f} s) is {} time {} ({:.6f} s). Times must increase, by at most 6 h.",
                            path, k + 1, to_seconds(stamps[k]), step < 1 ? "not after" : "too long after", k,
                            to_seconds(stamps[k - 1])));
    }
    const auto order = presentation_order();
    const auto single = to_ticks(from_ticks(packets_.front().duration, time_scale_), kNewTimeScale);
    for (std::size_t k = 0; k < order.size(); ++k) {
        auto& times = packets_[order[k]];
        times.pts = to_ticks(stamps[k] - stamps[0], kNewTimeScale);
        times.dts = Packet::kNoTime;
        times.duration = 0;
    }
    time_scale_ = kNewTimeScale;
    fill_durations();
    if (packets_.size() == 1) packets_.front().duration = single;
    return check_decoding_times();
}

std::size_t CopiedVideo::packets_until(MediaTime end) const {
    std::size_t n = packets_.size();
    while (n > 0 && (packets_[n - 1].hidden || MediaTime(from_ticks(packets_[n - 1].pts, time_scale_)) >= end)) --n;
    return n;
}

void CopiedVideo::take_times(std::size_t n, Packet& packet) const {
    packet.pts = packets_[n].pts;
    packet.dts = packets_[n].dts;
    packet.duration = packets_[n].duration;
}

}  // namespace onetake
