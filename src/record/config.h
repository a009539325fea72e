#pragma once

#include <onetake/config.h>

#include <string>

namespace onetake {

/// The configuration as a JSON object, every field by name.
std::string config_json(const RecorderConfig& config);

}  // namespace onetake
