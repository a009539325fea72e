#pragma once

#include "base/error.h"
#include "portaudio/sample_feed.h"

#include <onetake/devices.h>

#include <memory>
#include <vector>

namespace onetake {

struct StreamFormat {
    int sample_rate = 48000;  ///< Hz
    int channels = 1;
    int blocksize = 1024;  ///< samples per channel and callback
    bool operator==(const StreamFormat&) const = default;
};

/// An open audio input, recording int16 into a SampleFeed from start() until it is destroyed. Any call, and the
/// destructor, may hang in the device or sound server.
class InputStream {
 public:
    virtual ~InputStream() = default;
    virtual Status start() = 0;
    /// False once the stream has ended by itself: the device is disconnected.
    virtual bool active() const = 0;
    /// Hz, as granted.
    virtual double sample_rate() const = 0;
    /// Seconds, as reported by the device.
    virtual double latency_s() const = 0;
};

/// The microphones of this system. Thread-safe. Any call may hang in the sound server.
class AudioSystem {
 public:
    virtual ~AudioSystem() = default;
    /// The inputs, as last enumerated.
    virtual Result<std::vector<AudioDeviceInfo>> devices() = 0;
    /// Enumerates again unless a stream of this process is open (it would be closed); returns whether it did.
    virtual Result<bool> refresh() = 0;
    /// Error `unsupported`: the device doesn't support this format; another may work.
    virtual Result<std::unique_ptr<InputStream>> open(const AudioDeviceInfo& device, const StreamFormat& format,
                                                      std::shared_ptr<SampleFeed> feed) = 0;
};

/// PortAudio, shared by all its users in this process and terminated with the last. Error `missing_part`: built without
/// PortAudio.
Result<std::shared_ptr<AudioSystem>> audio_system();

}  // namespace onetake
