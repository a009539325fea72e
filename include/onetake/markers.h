#pragma once

#include <onetake/export.h>
#include <onetake/result.h>

#include <cstddef>
#include <string>

namespace onetake {

/// Limits of markers: texts at an instant of a take. They become chapters of its output file.
inline constexpr std::size_t kLongestMarker = 4096;  ///< bytes of UTF-8
inline constexpr int kMarkersPerSecond = 100;        ///< of one take

/// Marks this instant in a take that another process of this user records now: `text`, 1 to kLongestMarker bytes.
/// Of a recording in chunks, `name` is the folder of the chunks. Control characters become spaces. Blocks for some
/// milliseconds, 5 s at most. Errors: not_found for a take that is not there; wrong_state for one that is not being
/// recorded, or by a program without a marker socket; refused, with the reason; timeout is an `io` error.
ONETAKE_API Status mark_take(const std::string& data_dir, const std::string& name, const std::string& text);

}  // namespace onetake
