#pragma once

#include "base/time.h"

#include <onetake/result.h>

#include <cstdint>

namespace onetake {

/// Places the frames of one track on the ticks of its time scale: each on the nearest one. A frame that falls on the
/// tick of the frame before it gets the next tick, and is counted. Thread-bound.
class FrameTicks {
 public:
    struct Tick {
        std::int64_t nearest = 0;  ///< ticks: what the time says
        std::int64_t placed = 0;   ///< ticks: later than that of every frame before
    };

    /// `time_scale`: ticks per second.
    explicit FrameTicks(std::int64_t time_scale) : time_scale_(time_scale) {}

    /// Where a frame of time `t` belongs. Errors: refused for a time before 0, or before that of the last frame taken.
    Result<Tick> place(MediaTime t) const;
    /// The frame was taken: the next one follows it.
    void take(Tick tick);

    /// Frames taken that lie on a later tick than their own.
    std::uint64_t moved() const { return moved_; }

 private:
    std::int64_t time_scale_;
    Tick last_{-1, -1};
    std::uint64_t moved_ = 0;
};

}  // namespace onetake
