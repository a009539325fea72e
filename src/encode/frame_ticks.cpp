#include "encode/frame_ticks.h"

#include <algorithm>
#include <fmt/format.h>

namespace onetake {

Result<FrameTicks::Tick> FrameTicks::place(MediaTime t) const {
    const std::int64_t nearest = to_ticks(t.time_since_epoch(), time_scale_);
    if (t < MediaTime{} || nearest < last_.nearest)
        return fail(ErrorCode::refused,
                    fmt::format("A frame at {} s follows one at {} s.", to_seconds(t.time_since_epoch()),
                                to_seconds(from_ticks(std::max<std::int64_t>(last_.nearest, 0), time_scale_))));
    return Tick{nearest, std::max(nearest, last_.placed + 1)};
}

void FrameTicks::take(Tick tick) {
    if (tick.placed != tick.nearest) ++moved_;
    last_ = tick;
}

}  // namespace onetake
