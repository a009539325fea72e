#pragma once

#include "codec/video_encoder.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace onetake {

/// How a live video track is compressed.
struct LiveVideoSettings {
    /// "auto" (h264_nvenc where it opens, else libx264), or one of libx264, libx265, h264_nvenc, ffv1, mpeg4.
    std::string codec = "auto";
    std::string preset = "veryfast";
    int crf = 23;               ///< constant quality; used where bit_rate is 0
    std::int64_t bit_rate = 0;  ///< bits/s
    double keyframe_s = 2;      ///< most between two keyframes
    double fps = 30;            ///< nominal; 0: unknown
    /// false: frames may come far slower than `fps`; the encoder then holds none.
    bool steady_rate = true;
    /// Frames of another size are scaled to that of the first; false: they begin a new part.
    bool keep_size = false;
    /// Of the stream; unset: i420, or the frames' own layout where the encoder keeps it.
    std::optional<PixelFormat> pixel_format = {};
    /// The encoder's own options, by libavcodec's names; they count more than what is chosen here.
    std::vector<std::pair<std::string, std::string>> options = {};
    /// Queue at most a second of frames, so that a kill loses no more.
    bool bound_loss = true;

    bool operator==(const LiveVideoSettings&) const = default;
};

/// Frames that the encoder may hold for looking ahead and for its threads: half a second at the nominal rate, or none.
int frames_held(const LiveVideoSettings& live);

/// Settings for an encoder of images of this size and layout that holds at most frames_held() frames, makes no
/// B-frames, closed GOPs, and a keyframe wherever one is asked for. `threads`: at most so many.
VideoEncoderSettings live_encoder_settings(const LiveVideoSettings& live, int width, int height, PixelFormat format,
                                           int threads);

}  // namespace onetake
