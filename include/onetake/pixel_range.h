#pragma once

namespace onetake {

/// What range the MP4's pixels have: `full` keeps the JPEGs' own, `limited` converts (costs CPU, for old players).
enum class PixelRange { full, limited };

}  // namespace onetake
