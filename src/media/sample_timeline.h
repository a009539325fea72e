#pragma once

#include "media/audio_clock.h"

#include <cstddef>
#include <cstdint>
#include <deque>

namespace onetake {

/// Media time by one sound card's clock: each of its samples lasts exactly 1 / rate s, and all other media are moved
/// accordingly. Built incrementally from the spans of the card's audio clock; outside of them (before the first, in
/// gaps, after the last) time advances as on the host. Never decreases by more than half a sample. Bounded memory:
/// keeps about the last half hour. Pure; one thread at a time. See docs/clocks.md.
class SampleTimeline {
 public:
    /// `rate`: the card's label, Hz. `origin`: media time 0.
    SampleTimeline(int rate, HostTime origin) : rate_(rate), origin_(origin) {}

    /// Adds the card's next span and returns the position of its first sample, in samples from media time 0: directly
    /// after the span before, plus the gap between them rounded to samples.
    std::int64_t add(const AudioSpan& span);
    /// Up to here the results of at() are final; HostTime{} at the beginning.
    HostTime settled() const { return pieces_.empty() ? HostTime{} : pieces_.back().end; }
    /// The media time of an instant.
    MediaTime at(HostTime t) const;

 private:
    struct Piece {
        HostTime begin, end;
        std::int64_t first = 0, frames = 0;  ///< samples of the file
    };
    std::int64_t samples(Duration d) const { return to_ticks(d, rate_); }

    std::int64_t rate_;
    HostTime origin_;
    std::deque<Piece> pieces_;
};

}  // namespace onetake
