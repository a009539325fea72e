#pragma once

#include <onetake/config.h>
#include <onetake/config_fields.h>

#include <string>
#include <vector>

namespace onetake {

/// A recorder's settings under flat names, with one value for all tracks of a kind: for command lines, and for
/// languages with keyword arguments.
struct FlatConfig {
    bool video = true;                            ///< false: audio only
    bool audio = true;                            ///< false: video only
    VideoTrackConfig video_track;                 ///< the first; its `source` is that of all tracks, video and audio
    std::vector<std::string> more_video_devices;  ///< further cameras, one more video track each
    AudioTrackConfig audio_track;                 ///< the first
    std::vector<std::string> more_audio_devices;  ///< further microphones, one more audio track each
    RecorderConfig rest;                          ///< everything but tracks

    /// The tracks and the rest.
    RecorderConfig config() const {
        RecorderConfig all = rest;
        all.video.clear();
        all.audio.clear();
        const auto add = [](auto& tracks, auto track, const std::vector<std::string>& more) {
            tracks.push_back(track);
            for (const auto& device : more) {
                track.device = device;
                track.label = device;
                tracks.push_back(track);
            }
        };
        auto microphone = audio_track;
        microphone.source = video_track.source;
        if (video) add(all.video, video_track, more_video_devices);
        if (audio) add(all.audio, microphone, more_audio_devices);
        return all;
    }
};

/// Calls `visit(info, field)` for every field under its flat name. `Config` may be const.
template <class Config, class Visit>
requires std::is_same_v<std::remove_const_t<Config>, FlatConfig>
void visit_fields(Config& c, Visit&& visit) {
    visit_fields(c.video_track, visit);
    visit(FieldInfo{"more_video_devices", FieldGroup::video, "one more camera, one more track (repeatable)"},
          c.more_video_devices);
    visit(FieldInfo{"video", FieldGroup::video, "record video"}, c.video);
    visit(FieldInfo{"audio", FieldGroup::audio, "record audio"}, c.audio);
    visit_fields(c.audio_track, visit);
    visit(FieldInfo{"more_audio_devices", FieldGroup::audio, "one more microphone, one more track (repeatable)"},
          c.more_audio_devices);
    visit_fields(c.rest, visit);
}

}  // namespace onetake
