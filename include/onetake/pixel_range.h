#pragma once

namespace onetake {

/// Value range of the MP4's pixels: `full` keeps that of the JPEGs, `limited` converts (costs CPU, for old players).
enum class PixelRange { full, limited };

/// Matrix of a YUV frame: by which its colours were made of red, green and blue. HD video mostly has BT.709.
enum class PixelMatrix { bt601, bt709 };

}  // namespace onetake
