#pragma once

namespace onetake {

/// Whose time a rendered file keeps: the computer's, with the audio resampled onto it, or the first microphone's, whose
/// samples are kept as they are while the frames are moved.
enum class SyncReference { system, audio };

}  // namespace onetake
