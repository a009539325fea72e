#pragma once

namespace onetake {

/// Value range of the MP4's pixels: `full` keeps that of the JPEGs, `limited` converts (costs CPU, for old players).
enum class PixelRange { full, limited };

}  // namespace onetake
