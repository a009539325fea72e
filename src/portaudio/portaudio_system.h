#pragma once

#include "portaudio/audio_system.h"
#include "portaudio/loudspeaker.h"

#include <memory>
#include <vector>

namespace onetake {

/// PortAudio between Pa_Initialize and Pa_Terminate. Both are process-wide: terminating closes every stream, and only
/// initializing enumerates devices. So there is one instance at a time (audio_system()), one lock serializes all calls
/// that use PortAudio's global lists, and refresh() re-initializes only while no stream is open.
class PortAudioSystem final : public AudioSystem, public std::enable_shared_from_this<PortAudioSystem> {
 public:
    static Result<std::shared_ptr<PortAudioSystem>> shared();
    PortAudioSystem(const PortAudioSystem&) = delete;
    PortAudioSystem& operator=(const PortAudioSystem&) = delete;
    ~PortAudioSystem() override;

    Result<std::vector<AudioDeviceInfo>> devices() override;
    Result<bool> refresh() override;
    Result<std::unique_ptr<InputStream>> open(const AudioDeviceInfo& device, const StreamFormat& format,
                                              std::shared_ptr<SampleFeed> feed) override;

    /// The default output.
    Result<std::unique_ptr<Loudspeaker>> open_loudspeaker();

 private:
    PortAudioSystem() = default;
};

}  // namespace onetake
