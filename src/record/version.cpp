#include "portaudio/audio_system.h"
#include "codec/codec_capabilities.h"
#include "enhance/denoiser.h"

#include <onetake/version.h>

namespace onetake {

std::string version() {
    return ONETAKE_VERSION;
}

std::vector<Capability> capabilities() {
    std::vector<Capability> all;
    all.push_back({"turbojpeg", true, "JPEG encoder and decoder"});
    for (auto& part : codec_capabilities()) all.push_back(std::move(part));
    const auto sound = audio_system();
    all.push_back({"PortAudio", sound.has_value(), sound ? "microphones" : sound.error().message});
    const auto enhancement = Denoiser::probe();
    all.push_back({"speech enhancement", enhancement.has_value(),
                   enhancement ? "sherpa-onnx " + *enhancement : enhancement.error().message});
    return all;
}

}  // namespace onetake
