#include "codec/codec_parts.h"

#include "codec/audio_encoder.h"
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

Part video_part(const char* name) {
    VideoEncoderSettings settings;
    settings.codec = name;
    settings.width = 640;
    settings.height = 480;
    const auto encoder = VideoEncoder::open(settings);
    return {name, encoder.has_value(), encoder ? "opens" : encoder.error().message};
}

}  // namespace

std::vector<Part> codec_parts() {
    std::vector<Part> parts;
    parts.push_back({"libavcodec", true, version_text(avcodec_version())});
    parts.push_back({"libswresample", true, version_text(swresample_version())});
    for (const auto* name : {"libx264", "libx265", "h264_nvenc", "h264_vaapi"}) parts.push_back(video_part(name));
    const auto aac = AudioEncoder::open({});
    parts.push_back({"aac", aac.has_value(), aac ? "opens" : aac.error().message});
    return parts;
}

}  // namespace onetake
