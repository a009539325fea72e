#pragma once

#include <onetake/config.h>

#include <string>

namespace onetake {

/// The configuration as a JSON object, every field by name; those of the tracks in `video_tracks` and `audio_tracks`.
std::string config_json(const RecorderConfig& config);

}  // namespace onetake
