#pragma once

#include "portaudio/loudspeaker.h"
#include "portaudio/audio_system.h"

#include <memory>
#include <vector>

namespace onetake {

/// PortAudio between Pa_Initialize and Pa_Terminate. Both work on the whole process: a terminate closes every stream,
/// and devices are enumerated by initialize alone. So there is one of these at a time (audio_system()), all calls that
/// touch PortAudio's global lists take turns, and refresh() re-initialises only while no stream is open.
class PortAudioSystem final : public AudioSystem, public std::enable_shared_from_this<PortAudioSystem> {
 public:
    static Result<std::shared_ptr<PortAudioSystem>> shared();
    PortAudioSystem(const PortAudioSystem&) = delete;
    PortAudioSystem& operator=(const PortAudioSystem&) = delete;
    ~PortAudioSystem() override;

    Result<std::vector<AudioDeviceInfo>> devices() override;
    Result<bool> refresh() override;
    Result<std::unique_ptr<SoundStream>> open(const AudioDeviceInfo& device, const SoundFormat& format,
                                              std::shared_ptr<SampleFeed> feed) override;

    /// The default output.
    Result<std::unique_ptr<Loudspeaker>> open_loudspeaker();

 private:
    PortAudioSystem() = default;
};

}  // namespace onetake
