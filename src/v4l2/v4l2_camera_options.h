#pragma once

#include "base/time.h"

#include <optional>
#include <string>
#include <vector>

namespace onetake {

/// Requested camera settings; those granted are in VideoDescription.
struct V4l2CameraOptions {
    std::string device = "0";  ///< index, /dev/videoN, or a link to it
    int width = 1280;          ///< pixels
    int height = 720;          ///< pixels
    double fps = 30;           ///< frames per second
    std::string fourcc = "MJPG";
    std::optional<int> buffersize;      ///< V4L2 buffers; unset: 4
    std::vector<std::string> controls;  ///< `control=value`
    int warmup = 15;                    ///< frames discarded after start()

    Duration stall_after = std::chrono::seconds(2);  ///< time without a frame that counts as a stall
    Duration retry_every = std::chrono::seconds(1);  ///< between attempts to reopen
    /// How long stop() waits for a driver that does not return, before it ends delivery without it.
    Duration stop_within = std::chrono::milliseconds(1500);
};

}  // namespace onetake
