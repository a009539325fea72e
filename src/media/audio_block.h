#pragma once

#include "base/time.h"
#include "media/frame.h"

#include <cstdint>
#include <vector>

namespace onetake {

/// A block of audio as the device delivered it.
struct AudioBlock {
    std::vector<std::int16_t> samples;  ///< interleaved
    int channels = 1;
    HostTime time;     ///< capture instant of the first sample, from `source`; never corrected
    HostTime arrival;  ///< when the block reached this process
    StampSource source = StampSource::arrival;
    bool xrun = false;  ///< the device reported samples lost just before this block

    /// Samples per channel.
    std::int64_t frames() const { return channels > 0 ? static_cast<std::int64_t>(samples.size()) / channels : 0; }
};

}  // namespace onetake
