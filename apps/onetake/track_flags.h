#pragma once

#include "cli.h"

#include <onetake/track_spec.h>

#include <array>
#include <vector>

namespace onetake::cli {

/// Adds --track and --track-file, whose sources are appended to `tracks`, and returns them. `tracks` must outlive the
/// parsing.
std::array<CLI::Option*, 2> add_track_flags(CommandLine& app, std::vector<TrackSpec>& tracks);

}  // namespace onetake::cli
