#pragma once

#include "v4l2/v4l2_kernel.h"

#include <onetake/devices.h>

#include <string>
#include <vector>

namespace onetake {

/// Cameras that can capture, by index, with what they offer. Opens each node for a moment; a stream that runs elsewhere
/// is not disturbed.
std::vector<VideoDeviceInfo> list_video_devices(V4l2Kernel& kernel);

/// Where a camera is now, and what it can be found by after a reboot.
struct VideoNode {
    std::string path;       ///< /dev/videoN, links resolved
    std::string stable_id;  ///< the link it was asked for by, else the one under by-id, else by-path, else empty
};

/// Finds a camera by index ("0"), node or link. The error for one that isn't there lists those that are.
Result<VideoNode> find_video_node(V4l2Kernel& kernel, const std::string& device);

}  // namespace onetake
