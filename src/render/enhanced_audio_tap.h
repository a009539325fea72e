#pragma once

#include "render/enhanced_audio_reader.h"

#include <onetake/enhanced_audio.h>

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace onetake {

/// Hands out the enhanced sound of a take while it is recorded. Reads only what the take holds, so a callback that
/// takes its time falls behind, and nothing else does.
class EnhancedAudioTap {
 public:
    EnhancedAudioTap(std::string take_folder, EnhancedAudioReader sound, EnhancedAudioCallback callback);
    EnhancedAudioTap(const EnhancedAudioTap&) = delete;
    EnhancedAudioTap& operator=(const EnhancedAudioTap&) = delete;
    /// The take is written to its end: hands out the rest, which takes as long as the enhancement and the callback do.
    ~EnhancedAudioTap();

    void start();

 private:
    Status run();
    bool wait_for_more();
    Status give(const AudioSpan& span, WavReader& wav);

    const std::string take_folder_;
    const EnhancedAudioReader sound_;
    const EnhancedAudioCallback callback_;
    std::vector<std::int16_t> samples_;
    std::mutex mutex_;
    std::condition_variable wake_;
    bool complete_ = false;  // guarded by mutex_
    std::thread thread_;
};

}  // namespace onetake
