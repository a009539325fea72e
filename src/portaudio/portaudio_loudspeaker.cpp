#include "portaudio/portaudio_loudspeaker.h"

#include "base/clock.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <numbers>
#include <portaudio.h>
#include <thread>
#include <utility>

namespace onetake {

namespace {

using namespace std::chrono_literals;

constexpr double kRate = 48000;  // Hz, if the device reports no default
constexpr double kLatency_s = 0.05;
constexpr double kTone_hz = 1000;
constexpr double kBeep_s = 0.15;
constexpr double kAhead_s = 0.1;  // leaves time to light the screen at the same instant
constexpr float kLoudness = 0.5F;
constexpr unsigned long kBlock = 256;
constexpr auto kBeepTimeout = 2s;
constexpr auto kMaxDelay = 2s;  // a reported delay beyond it is ignored

// Runs on PortAudio's thread: no lock, no allocation.
int on_block(const void*, void* output, unsigned long frames, const PaStreamCallbackTimeInfo* info,
             PaStreamCallbackFlags, void* user) {
    auto& loudspeaker = *static_cast<PortAudioLoudspeaker*>(user);
    Duration delay = loudspeaker.nominal_delay();
    if (info != nullptr) {
        const double reported = info->outputBufferDacTime - info->currentTime;
        if (std::isfinite(reported) && reported > 0 && reported < to_seconds(kMaxDelay))
            delay = duration_from_seconds(reported);
    }
    loudspeaker.fill(static_cast<float*>(output), frames, host_now() + delay);
    return paContinue;
}

Error playback_error(PaError code) {
    return {
        ErrorCode::device_unavailable,
        fmt::format("Can't play a beep: PortAudio reports '{}'. Is a loudspeaker set as the system's default output?",
                    Pa_GetErrorText(code))};
}

}  // namespace

Result<std::unique_ptr<PortAudioLoudspeaker>> PortAudioLoudspeaker::open(std::function<void(void*)> close_locked) {
    const auto device = Pa_GetDefaultOutputDevice();
    const auto* info = device == paNoDevice ? nullptr : Pa_GetDeviceInfo(device);
    if (info == nullptr) return fail(ErrorCode::not_found, "No loudspeaker: this machine has no default audio output.");
    std::unique_ptr<PortAudioLoudspeaker> opened(new PortAudioLoudspeaker);
    const PaStreamParameters parameters{.device = device,
                                        .channelCount = 1,
                                        .sampleFormat = paFloat32,
                                        .suggestedLatency = kLatency_s,
                                        .hostApiSpecificStreamInfo = nullptr};
    opened->rate_ = info->defaultSampleRate > 0 ? info->defaultSampleRate : kRate;
    PaError code =
        Pa_OpenStream(&opened->stream_, nullptr, &parameters, opened->rate_, kBlock, paNoFlag, on_block, opened.get());
    if (code != paNoError) {
        opened->stream_ = nullptr;
        return fail(playback_error(code));
    }
    if (const auto* stream = Pa_GetStreamInfo(opened->stream_)) {
        opened->rate_ = stream->sampleRate;
        opened->nominal_delay_ns_ = duration_from_seconds(stream->outputLatency).count();
    }
    if (code = Pa_StartStream(opened->stream_); code != paNoError) {
        // Closed here, because the caller holds the PortAudio lock.
        Pa_CloseStream(std::exchange(opened->stream_, nullptr));
        return fail(playback_error(code));
    }
    opened->close_locked_ = std::move(close_locked);
    return opened;
}

PortAudioLoudspeaker::~PortAudioLoudspeaker() {
    if (stream_ == nullptr) return;
    // Not Pa_StopStream, which would wait for a device that plays nothing.
    Pa_AbortStream(stream_);
    close_locked_(stream_);
}

Result<HostTime> PortAudioLoudspeaker::beep() {
    requested_ = true;
    const auto deadline = host_now() + kBeepTimeout;
    while (requested_) {
        if (host_now() > deadline) {
            requested_ = false;
            return fail(ErrorCode::timed_out,
                        "The loudspeaker is open but requests no audio. Restart the sound server, or choose another "
                        "default output.");
        }
        std::this_thread::sleep_for(1ms);
    }
    return host_time_from_ns(output_time_ns_);
}

void PortAudioLoudspeaker::fill(float* samples, unsigned long frames, HostTime output_time) {
    if (requested_) {
        at_ = -static_cast<std::int64_t>(kAhead_s * rate_);
        output_time_ns_ = to_ns(output_time + duration_from_seconds(-static_cast<double>(at_) / rate_));
        requested_ = false;
    }
    const auto length = static_cast<std::int64_t>(kBeep_s * rate_);
    const double step = 2 * std::numbers::pi * kTone_hz / rate_;
    std::fill_n(samples, frames, 0.0F);
    for (unsigned long i = 0; i < frames && at_ < length; ++i, ++at_)
        if (at_ >= 0) samples[i] = kLoudness * static_cast<float>(std::sin(step * static_cast<double>(at_)));
}

}  // namespace onetake
