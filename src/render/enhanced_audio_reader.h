#pragma once

#include "base/error.h"
#include "media/audio_clock.h"
#include "take/wav.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace onetake {

/// How a rendering reads the enhanced audio of a take's first audio track, which may still be written.
struct EnhancedAudioReader {
    /// Path of the WAV; empty: none, the raw audio is used. Blocks until that is known. May be empty.
    std::function<std::string()> path;
    /// Blocks until the file holds so many samples, or is complete. Errors: the enhancement failed; the file must not
    /// be used. Empty for a complete file.
    std::function<Status(std::int64_t)> wait_for;
    std::string model = {};  ///< that made it: a file name, for the output file
};

/// Opens the file once it holds samples. Empty without enhanced audio, or if the enhancement failed.
Result<std::optional<WavReader>> open_enhanced(const EnhancedAudioReader& audio);

/// The part of an enhanced track at `rate` that lies in a span of the raw one at `raw_rate`, with its times.
/// Contiguous spans give contiguous parts.
AudioSpan at_rate(const AudioSpan& raw, int raw_rate, int rate);

}  // namespace onetake
