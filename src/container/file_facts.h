#pragma once

#include "base/time.h"
#include "media/packet.h"

#include <onetake/result.h>

#include <cstdint>
#include <optional>
#include <string>

namespace onetake {

/// What a media file's header says, without reading its packets.
struct FileFacts {
    std::string comment;  ///< the tag; empty without one
    Duration duration{};
    /// Of all video tracks; empty if the header does not say (Matroska).
    std::optional<std::uint64_t> video_frames;
    std::string video_codec;    ///< libavcodec's codec name, of the first video track
    int width = 0, height = 0;  ///< of that track, pixels
};

/// Errors: those of Demuxer::open().
Result<FileFacts> read_file_facts(const std::string& path);

/// Counts the packets of all video tracks, for a file whose header does not say. Reads the whole file. Errors: those of
/// Demuxer.
Result<std::uint64_t> count_video_frames(const std::string& path);

}  // namespace onetake
