#pragma once

#include "base/error.h"
#include "media/sync_marks.h"

#include <string>
#include <vector>

namespace onetake {

/// Sync marks decoded from an output file's first video and first audio stream. Times are media times.
struct OutputSyncMarks {
    std::vector<Duration> frames;  ///< of each frame, in decoding order
    std::vector<Duration> flashes, beeps;
    std::string video_codec, audio_codec;
    Duration audio_length{};
};

/// Decodes a complete file. Errors: those of the file; missing_part without its decoder; corrupt.
Result<OutputSyncMarks> find_output_sync_marks(const std::string& path);

}  // namespace onetake
