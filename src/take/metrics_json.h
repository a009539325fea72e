#pragma once

#include "base/error.h"

#include <onetake/metrics.h>

#include <nlohmann/json_fwd.hpp>

namespace onetake {

/// The metrics as they stand in the manifest and in `--json`: a number that does not apply is null.
nlohmann::ordered_json metrics_json(const Metrics& metrics);

/// Reads them back; what is missing or of another type keeps its default. Never throws.
Metrics metrics_from_json(const nlohmann::ordered_json& object);

}  // namespace onetake
