#pragma once

#include "base/error.h"
#include "media/frame.h"

#include <cstddef>

namespace onetake {

/// Whether width, height, stride and size of a pushed BGR image fit together. Errors: refused.
Status check_pushed_frame(int width, int height, int stride, std::size_t bytes);

/// A BGR image as a frame, without a stamp.
Frame bgr_frame(int width, int height, int stride, Buffer bytes);

}  // namespace onetake
