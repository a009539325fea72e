#pragma once

#include "base/background_job.h"
#include "render/enhanced_audio_reader.h"

#include <onetake/enhanced_audio.h>

#include <cstdint>
#include <string>
#include <vector>

namespace onetake {

/// Passes the enhanced audio of a take to a callback while it is recorded. Reads only stored data, so a slow callback
/// delays nothing else.
class EnhancedAudioTap {
 public:
    EnhancedAudioTap(std::string take_folder, EnhancedAudioReader audio, EnhancedAudioCallback callback);
    EnhancedAudioTap(const EnhancedAudioTap&) = delete;
    EnhancedAudioTap& operator=(const EnhancedAudioTap&) = delete;
    /// To be destroyed after the take is complete: passes on the rest, and blocks until enhancement and callback are
    /// done.
    ~EnhancedAudioTap();

    void start();

 private:
    Status run();
    Status emit(const AudioSpan& span, WavReader& wav);

    const std::string take_folder_;
    const EnhancedAudioReader audio_;
    const EnhancedAudioCallback callback_;
    std::vector<std::int16_t> samples_;
    BackgroundJob<void> job_{BackgroundJob<void>::Priority::normal};
};

}  // namespace onetake
