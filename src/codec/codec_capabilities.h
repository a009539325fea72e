#pragma once

#include <onetake/version.h>

#include <string>
#include <vector>

namespace onetake {

/// The encoders of this build and machine, each probed by opening it, and the versions of the libraries.
std::vector<Capability> codec_capabilities();

}  // namespace onetake
