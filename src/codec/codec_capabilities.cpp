#include "codec/codec_capabilities.h"

#include "codec/audio_encoder.h"
#include "codec/encoder_table.h"
#include "codec/video_encoder.h"

#include <fmt/format.h>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libswresample/swresample.h>
}

namespace onetake {

namespace {

std::string version_text(unsigned v) {
    return fmt::format("{}.{}.{}", AV_VERSION_MAJOR(v), AV_VERSION_MINOR(v), AV_VERSION_MICRO(v));
}

Capability video_encoder_capability(std::string_view name) {
    VideoEncoderSettings settings;
    settings.codec = name;
    settings.width = 640;
    settings.height = 480;
    const auto encoder = VideoEncoder::open(settings);
    return {std::string(name), encoder.has_value(), encoder ? "opens" : encoder.error().message};
}

}  // namespace

std::vector<Capability> codec_capabilities() {
    std::vector<Capability> found;
    found.push_back({"libavcodec", true, version_text(avcodec_version())});
    found.push_back({"libswresample", true, version_text(swresample_version())});
    for (const auto& encoder : known_encoders()) found.push_back(video_encoder_capability(encoder.name));
    const auto aac = AudioEncoder::open({});
    found.push_back({"aac", aac.has_value(), aac ? "opens" : aac.error().message});
    return found;
}

}  // namespace onetake
