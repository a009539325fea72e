#pragma once

#include "container/input_reader.h"
#include "media/source.h"

#include <memory>
#include <optional>
#include <string>

namespace onetake {

struct MediaInputOptions {
    bool video = true, audio = true;  ///< which tracks to take, of those there are
    /// Capture time of the media time 0 of a file or pipe; default: the instant when its tracks are started, of a pipe
    /// when its first packet arrives.
    std::optional<HostTime> begin;
    InputLimits limits;
    Duration stall_after = std::chrono::seconds(2);         ///< without media of a track
    Duration first_retry = std::chrono::milliseconds(500);  ///< of a lost connection; doubles with each
    Duration longest_retry = std::chrono::seconds(8);
};

/// The tracks of one opened input. A track is null if the input has none or it is not wanted.
///
/// Media flow once every track was started or destroyed; the input ends with the last one stopped. It runs once. It has
/// two threads, one that reads and one that decodes and delivers.
///
/// A file or pipe delivers as fast as deliver() returns, so its receivers should wait when they are full; its stamps
/// are `begin` plus the media time, exactly. A live input stamps by LiveClock, reports stalls, opens a lost connection
/// again until stopped, and reports what is missing then. What can't be decoded is counted as corrupt; a track of which
/// nothing can be decoded any more ends. Ends are reported as SourceEvent::Kind::ended.
struct MediaInput {
    std::unique_ptr<VideoSource> video;
    std::unique_ptr<AudioSource> audio;
    bool live = false;  ///< RTSP, RTP: in real time
    std::string name;   ///< the source without credentials
};

/// `source`: a path, "-" for the standard input, rtsp://…, rtsps://…, or sdp:FILE. Errors: those of
/// InputReader::open(); unsupported if it has none of the wanted tracks.
Result<MediaInput> open_media_input(const std::string& source, const MediaInputOptions& options);

}  // namespace onetake
