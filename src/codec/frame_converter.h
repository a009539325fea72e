#pragma once

#include "codec/planar_image.h"
#include "media/frame.h"

#include <onetake/result.h>

namespace onetake {

/// A raw frame as planes, by libyuv. YUV and gray frames keep their chroma and range; RGB becomes 4:2:0 in the range
/// and matrix of `color`. Copies every byte once. Errors: invalid_argument for a JPEG, and where the frame's bytes are
/// fewer than its dimensions need; unsupported for RGB where the matrix is not BT.601.
Result<PlanarImage> to_planar(const Frame& frame, ColorInfo color, BufferPool& pool);

}  // namespace onetake
