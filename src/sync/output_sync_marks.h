#pragma once

#include "base/error.h"
#include "media/sync_marks.h"

#include <string>
#include <vector>

namespace onetake {

/// What a film shows when it is decoded: its first picture and first sound. Times are media times.
struct FilmMarks {
    std::vector<Duration> frames;  ///< of each picture, in the order of decoding
    std::vector<Duration> flashes, beeps;
    std::string video_codec, audio_codec;
    Duration sound_length{};
};

/// Decodes a film whole. Errors: those of the file; missing_part without its decoder; corrupt.
Result<FilmMarks> find_output_sync_marks(const std::string& path);

}  // namespace onetake
