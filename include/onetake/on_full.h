#pragma once

namespace onetake {

/// What happens to a frame when its queue is full.
enum class OnFull { drop, block };

}  // namespace onetake
