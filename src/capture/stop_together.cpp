#include "capture/stop_together.h"

#include <thread>

namespace onetake {

void stop_together(const std::vector<VideoSource*>& cameras, const std::vector<AudioSource*>& microphones) {
    // Joined at the end of the block.
    std::vector<std::jthread> stopping;
    for (auto* camera : cameras) stopping.emplace_back([camera] { camera->stop(); });
    for (auto* microphone : microphones) stopping.emplace_back([microphone] { microphone->stop(); });
}

}  // namespace onetake
