#pragma once

#include "base/error.h"

#include <onetake/take.h>

#include <string>

namespace onetake {

/// Recovers the take in a folder; see recover_take(). `name` is for the report.
Result<RecoverReport> recover_folder(const std::string& take_folder, const std::string& name);

}  // namespace onetake
