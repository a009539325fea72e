#pragma once

#include "inspect/inspection.h"

#include <onetake/take.h>

namespace onetake {

/// What was found, as it is told to people and programs.
CheckReport check_report(const Inspection& found, const std::string& name);

/// Metrics of a take by what was found in it. `recorded`: those of its manifest, if it had one; they tell what only the
/// recorder knew.
Metrics metrics_of(const Inspection& found, Metrics recorded);

}  // namespace onetake
