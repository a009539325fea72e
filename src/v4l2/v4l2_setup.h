#pragma once

#include "v4l2/v4l2_camera_options.h"
#include "v4l2/v4l2_mode.h"
#include "v4l2/v4l2_stream.h"
#include "media/source.h"

#include <memory>

namespace onetake {

/// A camera ready to stream, and what it granted.
struct V4l2Setup {
    std::unique_ptr<V4l2Stream> stream;
    V4l2Mode mode;
    VideoDescription description;
};

/// Finds the camera, opens it, settles mode and controls, and maps its buffers.
Result<V4l2Setup> set_up_camera(V4l2Kernel& kernel, const V4l2CameraOptions& options);

/// v4l2loopback: fed by another program.
bool is_loopback(const VideoDescription& description);
/// Frames at the start of each stream that are left over from an earlier one.
int stale_frames(const VideoDescription& description);

}  // namespace onetake
