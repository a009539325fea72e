#pragma once

#include "base/clock.h"
#include "capture/push_source.h"
#include "media/source.h"

#include <onetake/config.h>
#include <onetake/track_spec.h>

#include <memory>
#include <string>
#include <vector>

namespace onetake {

/// The sources of a take, one per track, in the order of the configuration; none has been started.
struct OpenedSources {
    struct Video {
        std::unique_ptr<VideoSource> source;
        bool transcode = false;           ///< JPEGs that it delivers are encoded anew
        PushVideoSource* push = nullptr;  ///< the source, if a program pushes its frames
    };
    struct Audio {
        std::unique_ptr<AudioSource> source;  ///< null if it could not be opened, and the take goes on without it
        PushAudioSource* push = nullptr;
        bool may_wait = false;  ///< the source can wait for a slow disk, as a file
    };
    std::vector<std::unique_ptr<PushDataSource>> data;
    std::vector<Video> video;
    std::vector<Audio> audio;
    std::vector<std::string> notes;  ///< on sources that are missing
};

/// Opens the source of every track. `clock`: of test sources; must outlive them. `any_size`: the size of pushed frames
/// may change. Errors: a camera that can't be opened;
/// a microphone, if there is no video or it is required.
Result<OpenedSources> open_sources(const RecorderConfig& config, Clock& clock, bool any_size = false);

/// What a source that is written NAME=SOURCE delivers, opened and not started; null where it has none, or it is not
/// wanted.
struct OpenedTrackSource {
    std::unique_ptr<VideoSource> video;
    std::unique_ptr<AudioSource> audio;
};

struct TrackSourceSettings {
    HostTime start;          ///< what the source's join time is counted from
    VideoTrackConfig video;  ///< of cameras and test sources; their device is the source's
    AudioTrackConfig audio;  ///< likewise
};

/// Errors: invalid_argument for a source that joins when a recording of that length has ended.
Status check_joins(const std::vector<TrackSpec>& specs, double duration_s);

/// Opens a source. `clock`: of test sources; must outlive them. Errors: those of the source, with its name.
Result<OpenedTrackSource> open_track_source(const TrackSpec& spec, const TrackSourceSettings& settings, Clock& clock);

}  // namespace onetake
