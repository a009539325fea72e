#pragma once

#include "portaudio/audio_system.h"

#include <functional>

namespace onetake {

/// An open PortAudio input stream. open() is called with the lock of PortAudioSystem held; `close_locked` takes it.
class PortAudioStream final : public InputStream {
 public:
    /// Requests 0.1 s of latency: with a device's "low" value blocks overflow. Call with the lock held.
    static Result<std::unique_ptr<PortAudioStream>> open(const AudioDeviceInfo& device, const StreamFormat& format,
                                                         std::shared_ptr<SampleFeed> feed,
                                                         std::function<void(void* stream)> close_locked);
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
    std::function<void(void*)> close_locked_;
};

}  // namespace onetake
