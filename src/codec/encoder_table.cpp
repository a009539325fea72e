#include "codec/encoder_table.h"

#include <algorithm>

namespace onetake {

namespace {

// x264 and x265 have the same ones; NVENC takes them, too, and means its own.
constexpr auto kX264Presets = std::to_array<std::string_view>(
    {"ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow", "placebo"});
constexpr auto kNvencPresets =
    std::to_array<std::string_view>({"p1", "p2", "p3", "p4", "p5", "p6", "p7", "ultrafast", "superfast", "veryfast",
                                     "faster", "fast", "medium", "slow", "slower", "veryslow", "placebo"});

using Quality = EncoderTraits::Quality;
constexpr std::int64_t kMpeg4TimeScale = 60000;  // MPEG-4 has at most 65535

constexpr auto kEncoders = std::to_array<EncoderTraits>({
    {.name = "libx264", .quality = Quality::crf, .presets = kX264Presets},
    {.name = "libx265", .quality = Quality::crf, .presets = kX264Presets},
    {.name = "h264_nvenc", .quality = Quality::cq, .presets = kNvencPresets, .other_preset = "p4"},
    {.name = "hevc_nvenc", .quality = Quality::cq, .presets = kNvencPresets, .other_preset = "p4"},
    {.name = "h264_vaapi", .quality = Quality::qp, .uploads = true},
    {.name = "hevc_vaapi", .quality = Quality::qp, .uploads = true},
    {.name = "mpeg4", .quality = Quality::qscale, .time_scale = kMpeg4TimeScale},
    {.name = "ffv1", .keeps_layout = true, .only_keyframes = true},
});
constexpr EncoderTraits kUnknown;

}  // namespace

const EncoderTraits& encoder_traits(std::string_view name) {
    const auto at = std::ranges::find(kEncoders, name, &EncoderTraits::name);
    return at == kEncoders.end() ? kUnknown : *at;
}

std::span<const EncoderTraits> known_encoders() {
    return kEncoders;
}

}  // namespace onetake
