#pragma once

#include "base/wake_event.h"
#include "media/packet.h"
#include "record/open_sources.h"

#include <onetake/track_spec.h>

#include <memory>
#include <string>
#include <vector>

namespace onetake {

/// The sources of a recording as written on a command line, NAME=SOURCE: passes on what is between their join and their
/// leave, in real time where any of them is live, else as fast as it is taken. Calls from one thread.
class TrackSources {
 public:
    /// Opens all. `video`, `audio`: settings of cameras, microphones and test sources. `duration_s`: where all are
    /// files, what is later in them is left out. Errors: invalid_argument for two tracks of one kind and name, and
    /// for one that joins after `duration_s`; unsupported for a source without a wanted track; those of the sources.
    static Result<std::unique_ptr<TrackSources>> open(const std::vector<TrackSpec>& specs,
                                                      const VideoTrackConfig& video, const AudioTrackConfig& audio,
                                                      double duration_s);
    TrackSources(const TrackSources&) = delete;
    TrackSources& operator=(const TrackSources&) = delete;
    ~TrackSources();

    /// The sources for a Recording, which this must outlive. Once.
    OpenedSources take();
    /// The tracks' names, in the order of the sources.
    const std::vector<std::string>& video_names() const { return video_names_; }
    const std::vector<std::string>& audio_names() const { return audio_names_; }
    bool any_live() const;
    /// What join and leave times are counted from.
    HostTime start() const { return start_; }
    /// Is woken when a track has ended.
    const WakeEvent& changed() const;
    /// Stops the sources of tracks that have ended. True once all have.
    bool stop_ended();

 private:
    struct Group;
    struct Input;
    class Track;
    class Video;
    class Audio;

    explicit TrackSources(std::unique_ptr<Group> group);
    Status add(const TrackSpec& spec, const TrackSourceSettings& settings, HostTime until);
    Status add_name(const TrackSpec& spec, TrackKind kind, std::vector<std::string>& names) const;

    std::unique_ptr<Group> group_;
    HostTime start_;
    std::vector<std::unique_ptr<Input>> inputs_;
    OpenedSources opened_;
    std::vector<Track*> tracks_;  // those of opened_
    std::vector<std::string> video_names_, audio_names_;
};

}  // namespace onetake
