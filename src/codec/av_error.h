#pragma once

#include <string>

namespace onetake {

/// libav's text for one of its error codes. Thread-safe.
std::string av_text(int error);

}  // namespace onetake
