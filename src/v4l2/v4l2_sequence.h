#pragma once

#include "base/time.h"

#include <cstdint>
#include <optional>

namespace onetake {

/// Counts what a driver lost, from its frame counter and, because some counters are wrong, from the time between
/// stamps: only frames missing from both are lost. The two may place a loss a few frames apart. Thread-bound.
class V4l2Sequence {
 public:
    struct Finding {
        std::uint64_t lost = 0;       ///< frames missing before this one
        bool jumped_in_time = false;  ///< the counter skipped frames for which there was no time
        bool restarted = false;       ///< the counter went back
        bool stuck = false;           ///< the counter did not advance: losses before this frame are unknown
    };

    /// `interval`: nominal time between frames, zero if unknown; then adapted to the stamps.
    explicit V4l2Sequence(Duration interval) : nominal_(interval), interval_(interval) {}

    Finding next(std::uint32_t sequence, HostTime stamp);
    /// Starts over for a new stream, such as after reopening the device.
    void reset();

 private:
    struct Unmatched {
        std::uint64_t frames = 0;
        int age = 0;  ///< frames since it was last added to
    };
    void update_interval(Duration interval);

    const Duration nominal_;
    Duration interval_;
    std::optional<std::uint32_t> last_sequence_;
    HostTime last_stamp_;
    Unmatched time_;  ///< missing by the stamps, not yet by the counter
    Unmatched jump_;  ///< missing by the counter, not yet by the stamps
};

}  // namespace onetake
