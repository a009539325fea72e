#pragma once

#include "v4l2/v4l2_kernel.h"

#include <onetake/devices.h>

#include <string>
#include <vector>

namespace onetake {

/// Cameras that can capture, by index, with their modes. Opens each node briefly; a stream of another process is not
/// disturbed.
std::vector<VideoDeviceInfo> list_video_devices(V4l2Kernel& kernel);

/// A camera's current node, and the link that identifies it across reboots.
struct VideoNode {
    std::string path;       ///< /dev/videoN, links resolved
    std::string stable_id;  ///< the requested link, else the one under by-id, else by-path, else empty
};

/// Finds a camera by index ("0"), node or link. The error for a missing one lists those found.
Result<VideoNode> find_video_node(V4l2Kernel& kernel, const std::string& device);

}  // namespace onetake
