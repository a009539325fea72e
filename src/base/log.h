#pragma once

#include <spdlog/spdlog.h>

namespace onetake {

/// The library's logger: stderr, warnings and worse, unless ONETAKE_LOG names another level (debug, info, …).
/// Thread-safe.
spdlog::logger& log();

}  // namespace onetake
