#pragma once

#include "codec/planar_image.h"

namespace onetake {

/// Scales an image into `width` x `height`, as large as its proportions allow, centred on black. An image that has this
/// size is returned unchanged.
PlanarImage scale_to_fit(PlanarImage image, int width, int height, BufferPool& pool);

}  // namespace onetake
