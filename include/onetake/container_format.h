#pragma once

namespace onetake {

/// Container of a written file.
enum class ContainerFormat {
    mp4,
    mkv,
    mov,  ///< mux_audio() only, as the container of the other program's video
    avi,  ///< the same, and VideoRecorder; a constant frame rate
};

}  // namespace onetake
