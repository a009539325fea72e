#pragma once

#include "base/error.h"
#include "base/time.h"
#include "render/audio_input.h"
#include "render/copied_video.h"

#include <onetake/mux.h>

namespace onetake {

/// Where audio lies beside a video that is copied. Media times of the result.
struct MuxPlacement {
    Duration delta{};        ///< from the first frame to the first sample
    MediaTime first_sample;  ///< may be before `audio_begin`
    MediaTime audio_begin;   ///< nothing before it is written: the first frame
    MediaTime audio_end;     ///< nothing after it
    MediaTime video_end;     ///< no frame from here on
};

/// By the options' instants; gives the video its timestamps first, if there are any. Errors: invalid_argument for
/// instants that are missing, contradict each other, or leave no moment with video and audio; those of
/// CopiedVideo::retime() and of the file of timestamps.
Result<MuxPlacement> place_audio(CopiedVideo& video, const AudioInput& audio, const MuxOptions& options);

/// What of a run lies in [begin, end), cut to samples; false if nothing does.
bool cut_to(MediaTime begin, MediaTime end, TimedAudio& run);

}  // namespace onetake
