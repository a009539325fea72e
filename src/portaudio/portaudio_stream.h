#pragma once

#include "portaudio/audio_system.h"

#include <functional>

namespace onetake {

/// An open PortAudio input stream. Opened and closed in a turn of PortAudioSystem's; `close_in_turn` takes one.
class PortAudioStream final : public SoundStream {
 public:
    /// Asks for 0.1 s of latency: at a device's "low" figure blocks overflow. Call in a turn.
    static Result<std::unique_ptr<PortAudioStream>> open(const AudioDeviceInfo& device, const SoundFormat& format,
                                                         std::shared_ptr<SampleFeed> feed,
                                                         std::function<void(void* stream)> close_in_turn);
    PortAudioStream(const PortAudioStream&) = delete;
    PortAudioStream& operator=(const PortAudioStream&) = delete;
    ~PortAudioStream() override;

    Status start() override;
    bool active() const override;
    double sample_rate() const override;
    double latency_s() const override;

 private:
    PortAudioStream(std::string name, std::shared_ptr<SampleFeed> feed)
        : name_(std::move(name)), feed_(std::move(feed)) {}

    std::string name_;
    std::shared_ptr<SampleFeed> feed_;  ///< written to by the callback until the stream is closed
    void* stream_ = nullptr;            ///< PaStream
    bool started_ = false;
    std::function<void(void*)> close_in_turn_;
};

}  // namespace onetake
