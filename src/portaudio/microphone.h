#pragma once

#include "portaudio/audio_devices.h"
#include "portaudio/block_delivery.h"
#include "capture/bounded_call.h"
#include "portaudio/audio_system.h"
#include "media/source.h"

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace onetake {

struct MicrophoneOptions {
    std::string device;       ///< index, name, or a part of the name no other has; empty: the system's default
    int sample_rate = 48000;  ///< Hz, 8000 … 384000
    int channels = 1;         ///< 1 … 32
    int blocksize = 1024;     ///< samples per channel and block, 16 … 65536
    /// No block for this long is a stall: said, and the device is opened anew.
    Duration stall_after = std::chrono::seconds(2);
    /// Pause between tries to open a device that is gone.
    Duration retry_every = std::chrono::seconds(1);
    /// How long open() waits for a sound server that hangs.
    Duration open_within = std::chrono::seconds(10);
    /// How long stop() waits for a device that does not let go.
    Duration release_within = std::chrono::milliseconds(1500);
};

/// A microphone, by PortAudio, int16.
///
/// What the device can't do as asked (rate, channels) becomes what it can, with a note in the description.
/// A device that stops delivering is reported (`stall`; `device_lost` where it can't be opened again at once), opened
/// again by name about once a second, and reported again (`resumed`, whose count is the samples that are missing, as
/// far as the stamps tell; the first block then has `xrun` set). Devices are looked for anew only while no other
/// microphone of this process is open, as PortAudio can't enumerate otherwise.
///
/// Threads: start() and stop() from one thread at a time. Starts once.
class Microphone final : public AudioSource {
 public:
    /// Opens the device, not yet recording. Errors: invalid_argument (a value, an ambiguous name), not_found,
    /// device_busy, device_unavailable, unsupported, timed_out, missing_part.
    static Result<std::unique_ptr<Microphone>> open(const MicrophoneOptions& options);
    /// The same on a sound system of the caller's; waits as long as that takes.
    static Result<std::unique_ptr<Microphone>> open(const MicrophoneOptions& options,
                                                    std::shared_ptr<AudioSystem> system);
    Microphone(const Microphone&) = delete;
    Microphone& operator=(const Microphone&) = delete;
    ~Microphone() override;

    const AudioDescription& description() const override { return description_; }
    Status start(AudioReceiver& receiver) override;
    /// Returns within `release_within` and a little, even if PortAudio hangs: then a thread and the stream stay behind
    /// until the program ends, and a note event says so.
    void stop() override;

 private:
    struct Reopening;
    /// A time without sound that was reported and has not ended.
    struct Break {
        HostTime since;                     ///< when the last block was heard
        std::optional<HostTime> sound_end;  ///< end of that block by its stamp
        bool loss_said = false;
    };
    Microphone(MicrophoneOptions options, std::shared_ptr<AudioSystem> system);

    Status open_device();
    void describe(const SoundFormat& asked);

    void run();
    void listen(HostTime now);
    void watch(HostTime now);
    void begin_reopening(HostTime now);
    void end_reopening(HostTime now);
    void say_missing_at_end(HostTime end);
    void say_lost(HostTime now, std::string_view why);
    void release();
    void report(SourceEvent::Kind kind, HostTime time, std::string text, std::uint64_t count = 0);

    const MicrophoneOptions options_;
    AudioDescription description_;
    AudioDeviceInfo device_;
    SoundFormat format_;  ///< granted; a reopened device must do it again

    std::thread thread_;
    std::atomic<bool> stopping_{false};
    bool started_ = false;

    // Between start() and stop() the following belong to the thread.
    AudioReceiver* receiver_ = nullptr;
    std::shared_ptr<AudioSystem> system_;
    std::shared_ptr<SampleFeed> feed_;
    std::unique_ptr<SoundStream> stream_;  ///< null while the device is gone
    std::optional<BlockDelivery> delivery_;
    HostTime last_heard_;  ///< start() counts as heard
    std::optional<Break> break_;
    HostTime tried_;  ///< when the last reopening began
    std::shared_ptr<Reopening> reopening_;
    std::optional<BoundedCall> reopening_call_;
};

}  // namespace onetake
