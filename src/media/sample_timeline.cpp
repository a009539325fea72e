#include "media/sample_timeline.h"

#include <algorithm>
#include <cmath>

namespace onetake {

namespace {

constexpr std::size_t kMostPieces = 4096;  // spans of half a second

}  // namespace

std::int64_t SampleTimeline::add(const AudioSpan& span) {
    std::int64_t first = samples(span.begin - origin_);
    if (!pieces_.empty()) {
        const auto& last = pieces_.back();
        const auto gap = std::max(span.begin - last.end, Duration{});
        first = last.first + last.frames + (span.after_gap ? samples(gap) : 0);
    }
    pieces_.push_back({span.begin, span.end, first, span.frames});
    if (pieces_.size() > kMostPieces) pieces_.pop_front();
    return first;
}

MediaTime SampleTimeline::at(HostTime t) const {
    MediaTime time = media_time(t, origin_);
    if (!pieces_.empty()) {
        // The last piece that begins at or before t, else the first one.
        auto it = std::ranges::upper_bound(pieces_, t, {}, &Piece::begin);
        if (it != pieces_.begin()) --it;
        const MediaTime begin(from_ticks(it->first, rate_));
        if (t < it->begin || t > it->end) {
            const bool before = t < it->begin;
            time =
                before ? begin - (it->begin - t) : MediaTime(from_ticks(it->first + it->frames, rate_)) + (t - it->end);
        } else {
            const auto length = static_cast<double>((it->end - it->begin).count());
            const double part = length > 0 ? static_cast<double>((t - it->begin).count()) / length : 0;
            const double of_file = static_cast<double>(from_ticks(it->frames, rate_).count());
            time = begin + Duration(std::llround(part * of_file));
        }
    }
    return time;
}

}  // namespace onetake
