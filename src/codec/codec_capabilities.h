#pragma once

#include <onetake/version.h>

#include <string>
#include <vector>

namespace onetake {

/// The encoders of this build and machine, each found by opening it, and the libraries behind them.
std::vector<Capability> codec_capabilities();

}  // namespace onetake
