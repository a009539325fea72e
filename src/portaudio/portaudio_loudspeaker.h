#pragma once

#include "portaudio/loudspeaker.h"

#include <atomic>
#include <cstdint>
#include <functional>

namespace onetake {

/// A PortAudio output stream that is silent except for beeps. open() is called with the lock of PortAudioSystem held;
/// `close_locked` takes it.
class PortAudioLoudspeaker final : public Loudspeaker {
 public:
    static Result<std::unique_ptr<PortAudioLoudspeaker>> open(std::function<void(void* stream)> close_locked);
    PortAudioLoudspeaker(const PortAudioLoudspeaker&) = delete;
    PortAudioLoudspeaker& operator=(const PortAudioLoudspeaker&) = delete;
    ~PortAudioLoudspeaker() override;

    Result<HostTime> beep() override;

    /// For the stream's callback: fills `frames` samples, the first of which is output at `output_time`. Real-time
    /// safe: no allocation, no waiting.
    void fill(float* samples, unsigned long frames, HostTime output_time);
    /// Output delay assumed by the callback if PortAudio reports no buffer times.
    Duration nominal_delay() const { return Duration(nominal_delay_ns_.load()); }

 private:
    PortAudioLoudspeaker() = default;

    void* stream_ = nullptr;  ///< PaStream
    double rate_ = 48000;     ///< Hz
    std::function<void(void*)> close_locked_;
    std::atomic<std::int64_t> nominal_delay_ns_{0};
    std::atomic<bool> requested_{false};           ///< set by beep(), cleared by the callback
    std::atomic<std::int64_t> output_time_ns_{0};  ///< set by the callback before requested_ is cleared
    std::int64_t at_ = INT64_MAX;  ///< used by the callback only: sample of the beep, negative before it
};

}  // namespace onetake
