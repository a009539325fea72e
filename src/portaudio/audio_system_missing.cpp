#include "portaudio/audio_system.h"
#include "portaudio/loudspeaker.h"

namespace onetake {

Result<std::shared_ptr<AudioSystem>> audio_system() {
    return fail(ErrorCode::missing_part,
                "No microphone: onetake was built without PortAudio. Install portaudio19-dev and build again, or "
                "record without audio.");
}

Result<std::unique_ptr<Loudspeaker>> open_loudspeaker() {
    return fail(ErrorCode::missing_part,
                "No loudspeaker: onetake was built without PortAudio. Install portaudio19-dev and build again.");
}

}  // namespace onetake
