#pragma once

#include "media/source.h"

#include <memory>
#include <vector>

namespace onetake {

/// Stops all sources in parallel and returns when each has stopped: the timeouts of devices that hang run concurrently,
/// not one after the other.
void stop_together(const std::vector<std::unique_ptr<VideoSource>>& cameras,
                   const std::vector<std::unique_ptr<AudioSource>>& microphones);

}  // namespace onetake
