#pragma once

#include "media/source.h"
#include "v4l2/v4l2_camera_options.h"
#include "v4l2/v4l2_mode.h"
#include "v4l2/v4l2_stream.h"

#include <memory>

namespace onetake {

/// A camera ready to stream, and the settings it granted.
struct V4l2Setup {
    std::unique_ptr<V4l2Stream> stream;
    V4l2Mode mode;
    VideoDescription description;
};

/// Finds and opens the camera, negotiates the mode, sets the controls and maps the buffers.
Result<V4l2Setup> set_up_camera(V4l2Kernel& kernel, const V4l2CameraOptions& options);

/// Whether it is v4l2loopback, fed by another program.
bool is_loopback(const VideoDescription& description);
/// Number of frames at the start of each stream that belong to an earlier one.
int stale_frames(const VideoDescription& description);

}  // namespace onetake
