#pragma once

#include <spdlog/spdlog.h>

namespace onetake {

/// The library's logger, to stderr, at level warning unless ONETAKE_LOG sets another one (debug, info, …).
/// Thread-safe.
spdlog::logger& log();

}  // namespace onetake
