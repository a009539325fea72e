#pragma once

#include "portaudio/loudspeaker.h"

#include <atomic>
#include <cstdint>
#include <functional>

namespace onetake {

/// A PortAudio output stream that is silent but for beeps. Opened and closed in a turn of PortAudioSystem's;
/// `close_in_turn` takes one.
class PortAudioLoudspeaker final : public Loudspeaker {
 public:
    static Result<std::unique_ptr<PortAudioLoudspeaker>> open(std::function<void(void* stream)> close_in_turn);
    PortAudioLoudspeaker(const PortAudioLoudspeaker&) = delete;
    PortAudioLoudspeaker& operator=(const PortAudioLoudspeaker&) = delete;
    ~PortAudioLoudspeaker() override;

    Result<HostTime> beep() override;

    /// The stream's callback: fills `frames` samples that are heard from `heard` on. Allocates nothing, waits for
    /// nothing.
    void fill(float* samples, unsigned long frames, HostTime heard);
    /// What a callback takes for the delay of the output where PortAudio does not tell the time of its buffers.
    Duration usual_delay() const { return Duration(usual_delay_ns_.load()); }

 private:
    PortAudioLoudspeaker() = default;

    void* stream_ = nullptr;  ///< PaStream
    double rate_ = 48000;     ///< Hz
    std::function<void(void*)> close_in_turn_;
    std::atomic<std::int64_t> usual_delay_ns_{0};
    std::atomic<bool> asked_{false};         ///< set by beep(), cleared by the callback
    std::atomic<std::int64_t> heard_ns_{0};  ///< set by the callback before asked_ is cleared
    std::int64_t at_ = INT64_MAX;            ///< the callback's: sample of the beep, negative before it
};

}  // namespace onetake
