#pragma once

#include "base/error.h"

#include <onetake/metrics.h>

#include <string>

namespace onetake {

/// What a stored take says of itself: its paths and the metrics of its manifest; of a take without a manifest, what its
/// journal shows.
Result<TakeResult> stored_take(const std::string& data_dir, const std::string& name);

/// Where a take's rendering goes: `<processed_dir>/<name>.mp4`.
std::string rendered_path(const std::string& processed_dir, const std::string& name, const char* extension);

}  // namespace onetake
