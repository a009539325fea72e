#pragma once

namespace onetake {

/// Container of a rendered file.
enum class ContainerFormat { mp4, mkv };

}  // namespace onetake
