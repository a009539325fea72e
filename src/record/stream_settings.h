#pragma once

#include "media/pixel_layout.h"
#include "record/recording.h"

#include <onetake/chunked_writer.h>

#include <string>
#include <string_view>

namespace onetake {

/// A pixel format by its name in libavutil.
struct NamedPixelFormat {
    std::string_view name;
    PixelFormat format;
    ColorRange range;
};
/// Errors: invalid_argument, naming those that can be used.
Result<NamedPixelFormat> input_pixel_format(const std::string& name);
Result<NamedPixelFormat> output_pixel_format(const std::string& name);

/// How a stream is encoded while it is recorded. Errors: invalid_argument.
Result<VideoTrackSetup> video_setup(const VideoStreamConfig& config);

}  // namespace onetake
