#pragma once

#include "base/time.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace onetake {

/// A run of recorded audio with its media times: sample 0 is at `begin`, the sample after the last at `end`, those
/// between evenly spaced. Runs are in order of time; if one does not begin at its predecessor's end, `after_gap` is set
/// and the time between is silent.
struct TimedAudio {
    std::vector<std::int16_t> samples;  ///< interleaved, at the recorded rate
    int channels = 1;
    MediaTime begin, end;
    bool after_gap = false;  ///< also true for the first run of a track
    /// Set if the samples are to be copied unchanged, provided that the file has the recorded rate: index in the file
    /// of the run's first sample. `begin` and `end` agree with it.
    std::optional<std::int64_t> kept_at{};
};

}  // namespace onetake
