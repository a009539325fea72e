#pragma once

#include "media/source.h"

#include <vector>

namespace onetake {

/// Stops all sources in parallel and returns when each has stopped: the timeouts of devices that hang run concurrently,
/// not one after the other.
void stop_together(const std::vector<VideoSource*>& cameras, const std::vector<AudioSource*>& microphones);

}  // namespace onetake
