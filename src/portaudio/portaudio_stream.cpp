#include "portaudio/portaudio_stream.h"

#include "base/clock.h"

#include <fmt/format.h>
#include <portaudio.h>

namespace onetake {

namespace {

constexpr double kLatency_s = 0.1;

// Runs on PortAudio's thread: no lock, no allocation, no system call that could be a cancellation point.
int on_block(const void* input, void*, unsigned long frames, const PaStreamCallbackTimeInfo* info,
             PaStreamCallbackFlags flags, void* user) {
    auto& feed = *static_cast<SampleFeed*>(user);
    if (!input) {
        feed.lose(frames);
        return paContinue;
    }
    const ClockReading clocks = read_clocks();
    RingBlock block;
    block.times = {info ? info->inputBufferAdcTime : 0.0, info ? info->currentTime : 0.0, clocks.host, clocks.wall,
                   static_cast<std::int64_t>(frames)};
    block.xrun = (flags & paInputOverflow) != 0;
    feed.put(block, {static_cast<const std::int16_t*>(input), frames * static_cast<std::size_t>(feed.channels())});
    return paContinue;
}

Error stream_error(PaError code, std::string_view what, std::string_view name) {
    ErrorCode kind = ErrorCode::device_unavailable;
    std::string_view next = "Is it plugged in, and is this user in the group 'audio'?";
    std::string cause = Pa_GetErrorText(code);
    switch (code) {
        case paInvalidSampleRate:
        case paInvalidChannelCount:
        case paSampleFormatNotSupported:
        case paBufferTooBig:
        case paBufferTooSmall:
            kind = ErrorCode::unsupported;
            next = "Try another sample rate, channel count or block size.";
            break;
        case paDeviceUnavailable:
            kind = ErrorCode::device_busy;
            next = "Another program may be using it: close that, or choose another microphone.";
            break;
        case paUnanticipatedHostError:
            if (const auto* host = Pa_GetLastHostErrorInfo(); host && host->errorText && *host->errorText)
                cause += fmt::format(" ({})", host->errorText);
            break;
        default:
            break;
    }
    return Error{kind, fmt::format("{} microphone '{}': {}. {}", what, name, cause, next)};
}

}  // namespace

Result<std::unique_ptr<PortAudioStream>> PortAudioStream::open(const AudioDeviceInfo& device,
                                                               const StreamFormat& format,
                                                               std::shared_ptr<SampleFeed> feed,
                                                               std::function<void(void*)> close_locked) {
    std::unique_ptr<PortAudioStream> opened(new PortAudioStream(device.name, std::move(feed)));
    const PaStreamParameters parameters{.device = device.index,
                                        .channelCount = format.channels,
                                        .sampleFormat = paInt16,
                                        .suggestedLatency = kLatency_s,
                                        .hostApiSpecificStreamInfo = nullptr};
    const PaError code =
        Pa_OpenStream(&opened->stream_, &parameters, nullptr, format.sample_rate,
                      static_cast<unsigned long>(format.blocksize), paNoFlag, on_block, opened->feed_.get());
    if (code != paNoError) {
        opened->stream_ = nullptr;
        return fail(stream_error(code, "Can't open", device.name));
    }
    opened->close_locked_ = std::move(close_locked);
    return opened;
}

PortAudioStream::~PortAudioStream() {
    if (!stream_) return;
    // Not Pa_StopStream, which would wait for a device that is open but delivers nothing.
    if (started_) Pa_AbortStream(stream_);
    close_locked_(stream_);
}

Status PortAudioStream::start() {
    if (const PaError code = Pa_StartStream(stream_); code != paNoError)
        return fail(stream_error(code, "Can't start", name_));
    started_ = true;
    return {};
}

bool PortAudioStream::active() const {
    return Pa_IsStreamActive(stream_) == 1;
}

double PortAudioStream::sample_rate() const {
    const auto* info = Pa_GetStreamInfo(stream_);
    return info ? info->sampleRate : 0;
}

double PortAudioStream::latency_s() const {
    const auto* info = Pa_GetStreamInfo(stream_);
    return info ? info->inputLatency : 0;
}

}  // namespace onetake
