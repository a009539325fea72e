#pragma once

#include "base/error.h"
#include "base/time.h"
#include "media/frame.h"

#include <cmath>
#include <fmt/format.h>
#include <optional>

namespace onetake {

/// Converts the times that a program pushes to stamps, and refuses invalid ones. One per track; thread-bound.
class TimestampValidator {
 public:
    /// A stamp further from now than this is considered an error (another clock or unit).
    static constexpr Duration kFar = std::chrono::hours(24);

    struct Stamp {
        HostTime time;
        StampSource source;
    };

    /// The stamp for media pushed with `t` (seconds on CLOCK_MONOTONIC) or, without it, with first instant `arrived`.
    /// Errors: refused, with the reason; the validator is unchanged.
    Result<Stamp> check(std::optional<double> t, HostTime arrived, HostTime now) const {
        if (!t) {
            // Two threads may push within one tick of the clock; stamps must still increase.
            const auto time = last_ && arrived <= *last_ ? *last_ + Duration(1) : arrived;
            return Stamp{time, StampSource::arrival};
        }
        if (!std::isfinite(*t))
            return fail(ErrorCode::refused,
                        "The pushed time is not a number. The media pushed with it were not stored.");
        const double distance = *t - to_seconds(now.time_since_epoch());
        if (std::abs(distance) > to_seconds(kFar))
            return fail(
                ErrorCode::refused,
                fmt::format("The pushed time {:.3f} s is {:.0f} s away from now. Times are seconds on CLOCK_MONOTONIC.",
                            *t, distance));
        const HostTime time(duration_from_seconds(*t));
        if (last_ && time <= *last_)
            return fail(ErrorCode::refused,
                        fmt::format("The pushed time {:.9f} s is not later than the one before, {:.9f} s.", *t,
                                    to_seconds(last_->time_since_epoch())));
        return Stamp{time, StampSource::pushed};
    }
    /// Records that media with this stamp were accepted.
    void accept(const Stamp& stamp) { last_ = stamp.time; }

 private:
    std::optional<HostTime> last_;
};

}  // namespace onetake
