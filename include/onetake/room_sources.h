#pragma once

#include <onetake/room.h>
#include <onetake/track_spec.h>

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace onetake {

/// A room whose tracks come from sources: cameras, microphones, files, network streams.
struct RoomRecording {
    std::string name = "room";
    FileRecordingConfig file;
    std::vector<TrackSpec> sources;    ///< sources of one name are one participant's
    std::optional<double> duration_s;  ///< unset: until every file has ended; with a live source, until `stop`
};

/// Records a room into one file. Live sources are recorded in real time, and files then played in real time, too; files
/// alone are read as fast as the encoder goes, in step, their own times being the capture times. A source that can't be
/// opened when it joins, fails or ends concerns its own tracks only, and is an event; one that can't be opened is also
/// in the recording's `failures`. The first that can't be opened at the beginning is an error. `on_event`: from any
/// thread. Blocks. Errors: invalid_argument, also for a source that joins when the duration is over; those of the
/// sources and of the recorder.
ONETAKE_API Result<RoomRecorderResult> record_room(const RoomRecording& recording, EventCallback on_event = {},
                                                   ProgressCallback on_progress = {}, std::stop_token stop = {});

}  // namespace onetake
