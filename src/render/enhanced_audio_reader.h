#pragma once

#include "base/error.h"
#include "media/audio_clock.h"
#include "take/wav.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace onetake {

/// Where a rendering finds the enhanced sound of a take's first audio track, which may still be in the making.
struct EnhancedAudioReader {
    /// Path of the WAV; empty where there is none, and the raw sound is taken. Waits until that is known. May be empty.
    std::function<std::string()> path;
    /// Waits until the file holds so many samples, or will hold no more. Errors: the enhancement failed, so that what
    /// is there is of no use. Empty for a file that is complete.
    std::function<Status(std::int64_t)> wait_for;
};

/// Opens it once there is something in it. Empty where there is none, or it failed.
Result<std::optional<WavReader>> open_enhanced(const EnhancedAudioReader& sound);

/// The part of an enhanced track at `rate` that lies in a span of the raw one at `raw_rate`, with its instants. Spans
/// that follow each other give parts that do.
AudioSpan at_rate(const AudioSpan& raw, int raw_rate, int rate);

}  // namespace onetake
