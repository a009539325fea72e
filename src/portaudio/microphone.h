#pragma once

#include "capture/bounded_call.h"
#include "media/source.h"
#include "portaudio/audio_devices.h"
#include "portaudio/audio_system.h"
#include "portaudio/block_delivery.h"

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace onetake {

struct MicrophoneOptions {
    std::string device;       ///< index, name, or a unique part of the name; empty: the system's default
    int sample_rate = 48000;  ///< Hz, 8000 … 384000
    int channels = 1;         ///< 1 … 32
    int blocksize = 1024;     ///< samples per channel and block, 16 … 65536
    /// No block for this long is a stall: it is reported and the device reopened.
    Duration stall_after = std::chrono::seconds(2);
    /// Pause between attempts to reopen a lost device.
    Duration retry_every = std::chrono::seconds(1);
    /// How long open() waits for a sound server that hangs.
    Duration open_within = std::chrono::seconds(10);
    /// How long stop() waits for a device to close.
    Duration release_within = std::chrono::milliseconds(1500);
};

/// A microphone through PortAudio, int16.
///
/// A rate or channel count that the device doesn't support is replaced by one that it does, with a note in the
/// description. A device that stops delivering is reported (`stall`; `device_lost` if it can't be reopened at once),
/// reopened by name about once a second, and reported again (`resumed`, whose count is the missing samples according to
/// the stamps; the first block then has `xrun` set). Devices are enumerated again only while no other microphone of
/// this process is open, a restriction of PortAudio.
///
/// Threads: start() and stop() from one thread at a time. Can be started once.
class Microphone final : public AudioSource {
 public:
    /// Opens the device without starting it. Errors: invalid_argument (a value, an ambiguous name), not_found,
    /// device_busy, device_unavailable, unsupported, timed_out, missing_part.
    static Result<std::unique_ptr<Microphone>> open(const MicrophoneOptions& options);
    /// The same with the caller's audio system, without a timeout.
    static Result<std::unique_ptr<Microphone>> open(const MicrophoneOptions& options,
                                                    std::shared_ptr<AudioSystem> system);
    Microphone(const Microphone&) = delete;
    Microphone& operator=(const Microphone&) = delete;
    ~Microphone() override;

    const AudioDescription& description() const override { return description_; }
    Status start(AudioReceiver& receiver) override;
    /// Returns shortly after `release_within` at the latest: if PortAudio hangs, a thread and the stream are abandoned
    /// until the program ends, and a note event reports it.
    void stop() override;

 private:
    struct Reopening;
    /// A reported interval without audio that has not ended.
    struct Outage {
        HostTime since;                     ///< when the last block was received
        std::optional<HostTime> audio_end;  ///< end of that block by its stamp
        bool loss_reported = false;
    };
    Microphone(MicrophoneOptions options, std::shared_ptr<AudioSystem> system);

    Status open_device();
    void describe(const StreamFormat& asked);

    void run();
    void deliver_blocks(HostTime now);
    void check_stream(HostTime now);
    void begin_reopening(HostTime now);
    void end_reopening(HostTime now);
    void report_missing_at_end(HostTime end);
    void report_lost(HostTime now, std::string_view why);
    void release();
    void report(SourceEvent::Kind kind, HostTime time, std::string text, std::uint64_t count = 0);

    const MicrophoneOptions options_;
    AudioDescription description_;
    AudioDeviceInfo device_;
    StreamFormat format_;  ///< granted; a reopened device must support it too

    std::thread thread_;
    std::atomic<bool> stopping_{false};
    bool started_ = false;

    // Between start() and stop() used by the thread only.
    AudioReceiver* receiver_ = nullptr;
    std::shared_ptr<AudioSystem> system_;
    std::shared_ptr<SampleFeed> feed_;
    std::unique_ptr<InputStream> stream_;  ///< null while the device is closed or lost
    std::optional<BlockDelivery> delivery_;
    HostTime last_block_time_;  ///< initially the time of start()
    std::optional<Outage> outage_;
    HostTime tried_;  ///< when the last reopening began
    std::shared_ptr<Reopening> reopening_;
    std::optional<BoundedCall> reopening_call_;
};

}  // namespace onetake
