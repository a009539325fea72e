#pragma once

#include "media/frame.h"

#include <cstdint>
#include <linux/videodev2.h>
#include <optional>
#include <string>
#include <string_view>

namespace onetake {

/// "MJPG" from V4L2's code.
std::string fourcc_text(std::uint32_t code);
/// V4L2's code from four letters in any case, or from "RGB24", "BGR24", "I420"; 0 if it is neither.
std::uint32_t fourcc_code(std::string_view text);
/// The pixel format of a V4L2 format; empty if unsupported.
std::optional<PixelFormat> pixel_format_of(std::uint32_t fourcc);
/// Range and matrix of a granted format, its defaults resolved as V4L2 defines them. JPEG is always full-range BT.601:
/// what cameras send, whatever they declare.
ColorInfo color_of(const v4l2_pix_format& pix);

/// Seconds per frame for a rate, as a V4L2 fraction: 30 → 1/30, 29.97 → 1001/30000.
v4l2_fract interval_of(double fps);
/// Frames per second of an interval; 0 if it is invalid.
double rate_of(const v4l2_fract& interval);
/// "30", "29.97", "12.5".
std::string rate_text(double fps);

}  // namespace onetake
