#pragma once

#include "base/error.h"

#include <onetake/metrics.h>

#include <nlohmann/json_fwd.hpp>

namespace onetake {

/// The metrics as written to the manifest and `--json`: a number that does not apply is null.
nlohmann::ordered_json metrics_json(const Metrics& metrics);

/// Parses metrics; missing keys and those of another type keep their default. Never throws.
Metrics metrics_from_json(const nlohmann::ordered_json& object);

/// What was made from a take, as a JSON object for its manifest: paths, size, codec, failures, notes.
std::string outputs_json(const TakeResult& result);

}  // namespace onetake
