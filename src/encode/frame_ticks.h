#pragma once

#include "base/time.h"

#include <onetake/result.h>

#include <cstdint>

namespace onetake {

/// Rounds the times of one track's frames to ticks of its time scale. A frame with the same tick as the one before gets
/// the next tick, and is counted. Thread-bound.
class FrameTicks {
 public:
    struct Tick {
        std::int64_t nearest = 0;  ///< ticks: the rounded time
        std::int64_t placed = 0;   ///< ticks: greater than that of every earlier frame
    };

    /// `time_scale`: ticks per second.
    explicit FrameTicks(std::int64_t time_scale) : time_scale_(time_scale) {}

    /// The tick for a frame at time `t`. Errors: refused for a time before 0, or before that of the last frame taken.
    Result<Tick> place(MediaTime t) const;
    /// Records that the frame was encoded: later frames get later ticks.
    void take(Tick tick);

    /// Frames encoded at a later tick than their nearest.
    std::uint64_t moved() const { return moved_; }

 private:
    std::int64_t time_scale_;
    Tick last_{-1, -1};
    std::uint64_t moved_ = 0;
};

}  // namespace onetake
