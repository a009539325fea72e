#pragma once

#include <onetake/export.h>
#include <onetake/result.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace onetake {

/// Where a participant's media come from, as written on a command line: NAME=SOURCE, with options
/// (docs/network-sources.md).
struct TrackSpec {
    enum class Kind {
        camera,      ///< /dev/videoN
        microphone,  ///< mic:NAME; without a name the default one
        rtsp,        ///< rtsp://… or rtsps://…
        sdp,         ///< sdp:FILE, RTP as that file describes it
        test,        ///< test: a pattern and a tone
        file,        ///< a media file, a FIFO, or "-", the standard input
    };

    std::string name;     ///< of the participant, as given: untrusted
    bool screen = false;  ///< NAME:screen=
    bool video = true;    ///< false: NAME:no-video=
    bool audio = true;    ///< false: NAME:no-audio=
    Kind kind = Kind::file;
    std::string source;             ///< device, microphone's name, URL or path
    double join_s = 0;              ///< @12.5: s from the room's begin
    std::optional<double> leave_s;  ///< @12.5-40
};

/// Reads NAME=SOURCE. Errors: invalid_argument, with a message that shows no credentials.
ONETAKE_API Result<TrackSpec> parse_track_spec(std::string_view text);

/// Reads the lines of a file of tracks; empty ones and those that begin with # are left out. Errors: as
/// parse_track_spec(), with the line's number.
ONETAKE_API Result<std::vector<TrackSpec>> parse_track_specs(std::string_view text);

/// A source's name for people: the credentials of a URL are replaced by "***".
ONETAKE_API std::string shown_source(const TrackSpec& spec);

}  // namespace onetake
