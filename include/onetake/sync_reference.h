#pragma once

namespace onetake {

/// The clock of a rendered file: the computer's, to which the audio is resampled, or the first microphone's, whose
/// samples are copied unchanged while the video frames are moved.
enum class SyncReference { system, audio };

}  // namespace onetake
