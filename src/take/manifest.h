#pragma once

#include "base/error.h"

#include <onetake/metrics.h>

#include <string>

namespace onetake {

/// Makes `<take>/manifest.json` from the journal, beside and renamed, by streaming: memory does not grow with the take.
Status write_manifest(const std::string& take_folder, const Metrics& metrics);

}  // namespace onetake
