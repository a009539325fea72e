#pragma once

#include "base/error.h"
#include "media/chapter.h"

#include <string>
#include <vector>

namespace onetake {

/// Writes chapters as a WebVTT file, a cue each; the last ends at `end`. The file appears complete or not at all, and
/// replaces one that is there.
Status write_webvtt(const std::string& path, const std::vector<Chapter>& chapters, MediaTime end);

}  // namespace onetake
