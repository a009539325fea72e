#pragma once

#include "media/audio_clock.h"

#include <cstddef>
#include <cstdint>
#include <deque>

namespace onetake {

/// Media time as one sound card counts it: each of its samples lasts exactly 1 / rate s, and everything else is moved
/// to where that puts it. Made from the spans of the card's audio clock, as they come; outside of them (before the
/// first, in gaps, after the last) time runs at the host's pace. Never goes back by more than half a sample. Bounded
/// memory: only the last half hour or so is known. Pure; one thread at a time. See docs/clocks.md.
class SampleTimeline {
 public:
    /// `rate`: the card's label, Hz. `origin`: media time 0.
    SampleTimeline(int rate, HostTime origin) : rate_(rate), origin_(origin) {}

    /// Takes the card's next span, and returns the place of its first sample, in samples from media time 0: right after
    /// the span before, or a gap's length rounded to samples after it.
    std::int64_t add(const AudioSpan& span);
    /// Up to here at() will stay as it is; HostTime{} at the beginning.
    HostTime settled() const { return pieces_.empty() ? HostTime{} : pieces_.back().end; }
    /// Where an instant lies in the file.
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
