#pragma once

namespace onetake {

/// The source of a take's media.
enum class SourceKind { device, external, test };

}  // namespace onetake
