#pragma once

#include "codec/planar_image.h"
#include "media/frame.h"

#include <onetake/result.h>

namespace onetake {

/// Converts a raw frame to planes with libyuv. YUV and gray frames keep their chroma and range; RGB becomes 4:2:0 in
/// the range and matrix of `color`. Copies every byte once. Errors: invalid_argument for a JPEG and for a frame with
/// fewer bytes than its dimensions need; unsupported for RGB with a matrix other than BT.601.
Result<PlanarImage> to_planar(const Frame& frame, ColorInfo color, BufferPool& pool);

}  // namespace onetake
