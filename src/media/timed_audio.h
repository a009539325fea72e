#pragma once

#include "base/time.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace onetake {

/// A run of recorded sound with its true place in the rendered file: sample 0 belongs at `begin`, the sample after the
/// last at `end`, those between evenly spaced. Runs follow each other in time; where one does not begin at its
/// predecessor's end, `after_gap` is set and the time between holds silence.
struct TimedAudio {
    std::vector<std::int16_t> samples;  ///< interleaved, at the recorded rate
    int channels = 1;
    MediaTime begin, end;
    bool after_gap = false;  ///< true for the first run of a track, too
    /// Set where each sample is to be kept as it is, if the file has the recorded rate: the file's sample that is run's
    /// first. `begin` and `end` say the same.
    std::optional<std::int64_t> kept_at{};
};

}  // namespace onetake
