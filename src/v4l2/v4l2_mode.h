#pragma once

#include "media/frame.h"
#include "v4l2/v4l2_camera_options.h"
#include "v4l2/v4l2_device.h"

#include <string>
#include <vector>

namespace onetake {

/// What a camera granted, and how its buffers are laid out.
struct V4l2Mode {
    v4l2_pix_format pix{};
    PixelFormat format = PixelFormat::jpeg;
    ColorInfo color;
    int stride = 0;                  ///< bytes; 0 for jpeg
    std::size_t frame_bytes = 0;     ///< of a complete raw frame; 0 for jpeg
    double fps = 0;                  ///< granted; 0 unknown
    std::vector<std::string> notes;  ///< differences from what was asked
};

/// Asks for format, size and rate, in this order, and accepts what the camera grants; only a different pixel format is
/// an error, which lists the formats offered.
Result<V4l2Mode> negotiate_mode(const V4l2Device& device, const V4l2CameraOptions& options);

/// "1280x720 MJPG".
std::string to_string(const V4l2Mode& mode);

}  // namespace onetake
