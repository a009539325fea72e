#pragma once

#include "base/time.h"

#include <cstdint>
#include <optional>

namespace onetake {

/// Counts what a driver lost, from its frame counter and, because counters have been wrong, from the time between the
/// stamps: only frames that both miss are lost. The two may disagree by a few frames on where. Thread-bound.
class V4l2Sequence {
 public:
    struct Finding {
        std::uint64_t lost = 0;       ///< frames missing before this one
        bool jumped_in_time = false;  ///< the counter skipped frames for which there was no time
        bool restarted = false;       ///< the counter went back
        bool stuck = false;           ///< the counter did not move: it tells nothing about this frame
    };

    /// `interval`: nominal time between frames, zero if unknown; what the stamps show takes over soon.
    explicit V4l2Sequence(Duration interval) : nominal_(interval), interval_(interval) {}

    Finding next(std::uint32_t sequence, HostTime stamp);
    /// Forgets the stream before, as after a reopened device.
    void reset();

 private:
    struct Spare {
        std::uint64_t frames = 0;
        int age = 0;  ///< frames since it was last added to
    };
    void learn(Duration interval);

    const Duration nominal_;
    Duration interval_;
    std::optional<std::uint32_t> last_sequence_;
    HostTime last_stamp_;
    Spare time_;  ///< missing by the stamps, not yet by the counter
    Spare jump_;  ///< missing by the counter, not yet by the stamps
};

}  // namespace onetake
