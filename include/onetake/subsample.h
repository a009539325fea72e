#pragma once

namespace onetake {

/// Chroma resolution of stored JPEGs.
enum class Subsample { gray, s420, s422, s444 };

}  // namespace onetake
