#pragma once

#include "base/error.h"
#include "portaudio/sample_feed.h"

#include <onetake/devices.h>

#include <memory>
#include <vector>

namespace onetake {

struct SoundFormat {
    int sample_rate = 48000;  ///< Hz
    int channels = 1;
    int blocksize = 1024;  ///< samples per channel and callback
    bool operator==(const SoundFormat&) const = default;
};

/// An open input of a sound system, recording int16 into a SampleFeed from start() until it is destroyed. Any call, and
/// the destructor, may hang with the device or daemon behind it.
class SoundStream {
 public:
    virtual ~SoundStream() = default;
    virtual Status start() = 0;
    /// False once the stream has ended by itself: the device is gone.
    virtual bool active() const = 0;
    /// Hz as granted.
    virtual double sample_rate() const = 0;
    /// Seconds, the device's own figure.
    virtual double latency_s() const = 0;
};

/// The machine's microphones. Thread-safe. Any call may hang with a sound daemon.
class AudioSystem {
 public:
    virtual ~AudioSystem() = default;
    /// The inputs, as last enumerated.
    virtual Result<std::vector<AudioDeviceInfo>> devices() = 0;
    /// Enumerates anew, if no stream of this process is open (it would be closed); says whether it did.
    virtual Result<bool> refresh() = 0;
    /// Error `unsupported`: the device can't do this format, another may do.
    virtual Result<std::unique_ptr<SoundStream>> open(const AudioDeviceInfo& device, const SoundFormat& format,
                                                      std::shared_ptr<SampleFeed> feed) = 0;
};

/// PortAudio, shared by all who use it in this process and let go with the last of them. Error `missing_part`: this
/// build has none.
Result<std::shared_ptr<AudioSystem>> audio_system();

}  // namespace onetake
