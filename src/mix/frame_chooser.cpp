#include "mix/frame_chooser.h"

#include <algorithm>
#include <cmath>

namespace onetake {

void FrameChooser::add(Id id, HostTime from) {
    std::erase_if(videos_, [&](const Video& v) { return v.id == id; });
    Video video;
    video.id = id;
    video.from = from;
    videos_.push_back(std::move(video));
}

void FrameChooser::end(Id id, HostTime until) {
    if (auto* video = find(id)) video->until = until;
}

std::size_t FrameChooser::Video::bytes() const {
    std::size_t sum = 0;
    for (const auto& frame : frames) sum += frame.image->bytes.size();
    return sum;
}

FrameChooser::Pushed FrameChooser::push(Id id, HostTime stamp, std::shared_ptr<const PlanarImage> image) {
    auto* video = find(id);
    if (video == nullptr || video->ended() || stamp < video->from || (video->newest && stamp <= *video->newest))
        return Pushed::refused;
    const auto waiting = video->frames.size();
    if (waiting >= options_.most_frames || (waiting >= kFewFrames && video->bytes() >= options_.most_bytes))
        return Pushed::full;
    video->frames.push_back({stamp, std::move(image)});
    video->newest = stamp;
    if (!video->first) video->first = stamp;
    return Pushed::taken;
}

std::optional<FrameChooser::Choice> FrameChooser::next(HostTime now) {
    const auto tick = candidate();
    if (!tick || (!tick->ready && now < tick->time + options_.wait)) return std::nullopt;
    return take(tick->time);
}

std::optional<HostTime> FrameChooser::due_by() const {
    const auto tick = candidate();
    if (!tick) return std::nullopt;
    return tick->ready ? tick->time : tick->time + options_.wait;
}

std::optional<FrameChooser::Choice> FrameChooser::flush(HostTime until) {
    const auto tick = candidate();
    if (!tick || tick->time >= until) return std::nullopt;
    return take(tick->time);
}

FrameChooser::Video* FrameChooser::find(Id id) {
    const auto found = std::ranges::find(videos_, id, &Video::id);
    return found == videos_.end() ? nullptr : &*found;
}

Duration FrameChooser::half_interval() const {
    return duration_from_seconds(0.5 / options_.fps);
}

HostTime FrameChooser::grid_from(HostTime t) const {
    const auto at = [&](std::int64_t k) {
        return options_.origin + Duration(std::llround(static_cast<double>(k) * 1e9 / options_.fps));
    };
    auto k = static_cast<std::int64_t>(std::floor(to_seconds(t - options_.origin) * options_.fps)) - 1;
    while (at(k) < t) ++k;
    return at(k);
}

// The earliest frame after the last tick.
std::optional<HostTime> FrameChooser::next_stamp() const {
    std::optional<HostTime> earliest;
    for (const auto& video : videos_)
        for (const auto& frame : video.frames) {
            if (last_ && frame.stamp <= *last_) continue;
            if (frame.stamp < video.until && (!earliest || frame.stamp < *earliest)) earliest = frame.stamp;
            break;
        }
    return earliest;
}

int FrameChooser::active_at(HostTime t) const {
    return static_cast<int>(std::ranges::count_if(videos_, [&](const Video& v) { return v.active(t); }));
}

bool FrameChooser::ready_on_grid(HostTime t) const {
    return std::ranges::all_of(
        videos_, [&](const Video& v) { return !v.shown(t) || v.ended() || (v.newest && *v.newest >= t); });
}

bool FrameChooser::awaits_first(HostTime t) const {
    return std::ranges::any_of(videos_, [&](const Video& v) { return v.shown(t) && !v.ended() && !v.first; });
}

std::optional<FrameChooser::Tick> FrameChooser::candidate() const {
    const auto stamp = next_stamp();
    if (stamp && active_at(*stamp) == 1) return Tick{*stamp, !awaits_first(*stamp)};
    if (!stamp && !last_) return std::nullopt;
    // Not nearer to the tick before than half an interval, which it would be by chance where the grid takes over.
    const auto after = last_ ? *last_ + half_interval() : *stamp;
    auto tick = grid_from(after);
    const int active = active_at(tick);
    if (active >= 2) return Tick{tick, ready_on_grid(tick)};
    if (stamp) {  // of the second video's first frame
        tick = grid_from(std::max(after, *stamp));
        return Tick{tick, ready_on_grid(tick)};
    }
    const auto only = std::ranges::find_if(videos_, [&](const Video& v) { return v.active(tick); });
    if (only == videos_.end()) return Tick{grid_from(*last_ + options_.idle), false};
    if (!only->ended()) return std::nullopt;
    return Tick{grid_from(only->until), false};  // it is gone then
}

std::shared_ptr<const PlanarImage> FrameChooser::nearest(const Video& video, HostTime t) const {
    const Queued* before = nullptr;
    for (const auto& frame : video.frames) {
        if (frame.stamp <= t) {
            before = &frame;
            continue;
        }
        const auto ahead = frame.stamp - t;
        if (before == nullptr) return ahead <= half_interval() ? frame.image : nullptr;
        return ahead <= options_.wait && ahead < t - before->stamp ? frame.image : before->image;
    }
    return before != nullptr ? before->image : nullptr;
}

FrameChooser::Choice FrameChooser::take(HostTime t) {
    Choice choice{t, {}};
    for (const auto& video : videos_)
        if (video.shown(t)) choice.images.emplace_back(video.id, nearest(video, t));
    last_ = t;
    std::erase_if(videos_, [&](const Video& v) { return v.until <= t; });
    for (auto& video : videos_)
        while (video.frames.size() > 1 && video.frames[1].stamp <= t) video.frames.pop_front();
    return choice;
}

}  // namespace onetake
