#pragma once

#include <string>

namespace onetake {

/// What is wrong with a take's audio_enhanced.wav: it can't be read, or its length is not that of audio.wav. Empty if
/// there is none, or if it is complete.
std::string enhanced_wav_problem(const std::string& take_folder);

}  // namespace onetake
