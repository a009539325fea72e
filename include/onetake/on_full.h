#pragma once

namespace onetake {

/// What happens to a frame that finds its queue full.
enum class OnFull { drop, block };

}  // namespace onetake
