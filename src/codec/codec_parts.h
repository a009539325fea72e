#pragma once

#include <string>
#include <vector>

#include <onetake/version.h>

namespace onetake {

/// The encoders of this build and machine, each found by opening it, and the libraries behind them.
std::vector<Part> codec_parts();

}  // namespace onetake
