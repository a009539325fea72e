#include "capture/stop_together.h"

#include <thread>

namespace onetake {

void stop_together(const std::vector<std::unique_ptr<VideoSource>>& cameras,
                   const std::vector<std::unique_ptr<AudioSource>>& microphones) {
    // Joined at the end of the block.
    std::vector<std::jthread> stopping;
    for (const auto& camera : cameras) stopping.emplace_back([source = camera.get()] { source->stop(); });
    for (const auto& microphone : microphones) stopping.emplace_back([source = microphone.get()] { source->stop(); });
}

}  // namespace onetake
