#pragma once

namespace onetake {

/// Where a take's media come from.
enum class SourceKind { device, external, test };

}  // namespace onetake
