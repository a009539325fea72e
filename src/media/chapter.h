#pragma once

#include "base/time.h"

#include <string>

namespace onetake {

/// A chapter of a file; it lasts until the next one.
struct Chapter {
    MediaTime begin;
    std::string title;
};

}  // namespace onetake
