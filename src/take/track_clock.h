#pragma once

#include "media/audio_clock.h"
#include "media/source.h"

namespace onetake {

/// The clock model of a stored audio track: every reader of the track must use the same one.
inline AudioClock track_clock(const AudioDescription& audio) {
    AudioClockOptions options;
    options.stamps = audio.stamps;
    return AudioClock(audio.sample_rate, options);
}

/// A block as the clock model takes it. A stamp that is an arrival can't be early.
inline AudioBlockStamp clock_stamp(std::int64_t first_sample, std::int64_t samples, HostTime time, bool xrun,
                                   StampSource source) {
    return {.first_sample = first_sample,
            .frames = samples,
            .time = time,
            .xrun = xrun,
            .late_only = source == StampSource::arrival};
}

}  // namespace onetake
