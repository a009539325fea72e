#include "codec/codec_capabilities.h"
#include "enhance/denoiser.h"
#include "mix/text_renderer.h"
#include "portaudio/audio_system.h"

#include <onetake/version.h>

namespace onetake {

std::string version() {
    return ONETAKE_VERSION;
}

std::vector<Capability> capabilities() {
    std::vector<Capability> all;
    all.push_back({"turbojpeg", true, "JPEG encoder and decoder"});
    for (auto& capability : codec_capabilities()) all.push_back(std::move(capability));
    const auto audio = audio_system();
    all.push_back({"PortAudio", audio.has_value(), audio ? "microphones" : audio.error().message});
    all.push_back(text_capability());
    const auto enhancement = Denoiser::probe();
    all.push_back({"speech enhancement", enhancement.has_value(),
                   enhancement ? "sherpa-onnx " + *enhancement : enhancement.error().message});
    return all;
}

}  // namespace onetake
