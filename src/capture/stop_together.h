#pragma once

#include "media/source.h"

#include <memory>
#include <vector>

namespace onetake {

/// Stops all these sources at the same time and returns when each has stopped: devices that hang use up their patience
/// together, not one after the other.
void stop_together(const std::vector<std::unique_ptr<VideoSource>>& cameras,
                   const std::vector<std::unique_ptr<AudioSource>>& microphones);

}  // namespace onetake
