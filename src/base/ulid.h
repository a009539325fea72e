#pragma once

#include "base/time.h"

#include <string>

namespace onetake {

/// A new ULID: 26 characters that sort by time (milliseconds) and are unique (80 random bits).
std::string new_ulid(WallTime now);

}  // namespace onetake
