#pragma once

#include "base/error.h"
#include "media/source.h"
#include "media/sync_marks.h"

#include <stop_token>
#include <string>
#include <vector>

namespace onetake {

/// The flashes and beeps of a take's first video and first audio track, by its stored stamps; no output file is needed.
/// Times are relative to the take's origin.
struct TakeMarks {
    VideoDescription camera;
    AudioDescription microphone;
    std::vector<Duration> flashes, beeps;
    std::size_t frames = 0;
    Duration frame_interval{};  ///< median
    bool test_source = false;   ///< stamped by the built-in test source
};

struct TakeMarksOptions {
    double min_rise = 4;  ///< of the mean brightness (0 … 255) for a flash; the screen may be small in the frame
    double tone_hz = 1000;
    std::stop_token cancel;
};

/// Finds the marks. Frames that can't be read are skipped. Errors: not_found for a take without video or audio;
/// cancelled.
Result<TakeMarks> find_take_marks(const std::string& take_folder, const TakeMarksOptions& options = {});

}  // namespace onetake
