#pragma once

#include "media/frame.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace onetake {

struct CopiedParams;

enum class TrackKind { video, audio, data };
std::string_view to_string(TrackKind kind);
/// What is counted in a track, for messages: "frame", "sample", "packet".
std::string_view unit_of(TrackKind kind);

/// Parameters of one encoded stream for decoders and muxers. Times of its packets are in 1/`time_scale` s.
struct StreamParams {
    TrackKind kind = TrackKind::video;
    std::string codec;            ///< libavcodec's codec name: "h264", "hevc", "mjpeg", "aac", "pcm_s16le"
    std::int64_t time_scale = 1;  ///< ticks per second
    std::vector<std::uint8_t> extradata;
    std::int64_t bit_rate = 0;                                  ///< bits/s, 0 unknown
    std::string title;                                          ///< for people: device name; may be empty
    std::vector<std::pair<std::string, std::string>> metadata;  ///< further tags of the stream
    /// Of a stream read from a file: all that the container stores about it, so that a Muxer can write it unchanged
    /// (container/copied_params.h). Null for an encoder's stream.
    std::shared_ptr<const CopiedParams> copied;

    // video
    int width = 0, height = 0;
    std::string pixel_format;  ///< libavutil's name: "yuv420p"
    ColorInfo color;
    double fps = 0;  ///< nominal, 0 unknown
    int profile = -99, level = -99;

    // audio
    int sample_rate = 0, channels = 0;
    int frame_size = 0;       ///< samples per packet
    int initial_padding = 0;  ///< priming samples before sample 0
};

/// One packet of one encoded stream.
struct Packet {
    static constexpr std::int64_t kNoTime = INT64_MIN;

    int stream = 0;
    std::int64_t pts = 0, dts = 0, duration = 0;  ///< ticks of the stream's time_scale
    bool key = false;
    bool hidden = false;                ///< decoded but not presented (edit lists)
    int skip_first = 0, skip_last = 0;  ///< decoded samples not presented: priming and padding
    std::vector<std::uint8_t> bytes;
};

}  // namespace onetake
