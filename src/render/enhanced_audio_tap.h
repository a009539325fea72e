#pragma once

#include "base/background_job.h"
#include "render/enhanced_audio_reader.h"

#include <onetake/enhanced_audio.h>

#include <cstdint>
#include <string>
#include <vector>

namespace onetake {

/// Hands out the enhanced audio of a take while it is recorded. Reads only what the take holds, so a callback that
/// takes its time falls behind, and nothing else does.
class EnhancedAudioTap {
 public:
    EnhancedAudioTap(std::string take_folder, EnhancedAudioReader audio, EnhancedAudioCallback callback);
    EnhancedAudioTap(const EnhancedAudioTap&) = delete;
    EnhancedAudioTap& operator=(const EnhancedAudioTap&) = delete;
    /// The take is written to its end: hands out the rest, which takes as long as the enhancement and the callback do.
    ~EnhancedAudioTap();

    void start();

 private:
    Status run();
    Status hand_out(const AudioSpan& span, WavReader& wav);

    const std::string take_folder_;
    const EnhancedAudioReader audio_;
    const EnhancedAudioCallback callback_;
    std::vector<std::int16_t> samples_;
    BackgroundJob<void> job_{BackgroundJob<void>::Priority::normal};
};

}  // namespace onetake
