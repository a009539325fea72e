#pragma once

#include "inspect/inspection.h"

#include <onetake/take.h>

namespace onetake {

/// The report of an inspection, for users and programs.
CheckReport check_report(const Inspection& found, const std::string& name);

/// Metrics of a take from its inspection. `recorded`: those of its manifest, if it had one, for values that only the
/// recorder has.
Metrics metrics_of(const Inspection& found, Metrics recorded);

}  // namespace onetake
