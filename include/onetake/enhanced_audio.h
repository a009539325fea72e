#pragma once

#include <cstdint>
#include <functional>
#include <span>

namespace onetake {

/// A block of enhanced audio, delivered while recording: one channel.
struct EnhancedAudio {
    double t = 0;                   ///< of the first sample: seconds on CLOCK_MONOTONIC, as its block was stamped
    int sample_rate = 0;            ///< Hz, the model's
    std::int64_t first_sample = 0;  ///< in audio_enhanced.wav; each block begins where the one before ended
    bool after_gap = false;         ///< audio was lost before this block
    std::span<const std::int16_t> samples;  ///< valid during the call
};
using EnhancedAudioCallback = std::function<void(const EnhancedAudio&)>;

}  // namespace onetake
