#pragma once

#include "media/pixel_layout.h"

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

/// What the project knows of libavcodec's video encoders; defined only here. An encoder that is not listed works as
/// far as libavcodec's own defaults do.
namespace onetake {

struct EncoderTraits {
    /// How a constant quality is asked for.
    enum class Quality {
        none,    ///< it can't be: libavcodec's default
        crf,     ///< option "crf"
        cq,      ///< option "cq", variable rate
        qp,      ///< option "qp", constant quantizer
        qscale,  ///< AVCodecContext::global_quality, 1 to 31
    };
    std::string_view name;
    Quality quality = Quality::none;
    std::span<const std::string_view> presets = {};  ///< those it has; none: it has no option "preset"
    std::string_view other_preset = {};              ///< passed for x264's names, where it has presets of its own
    bool uploads = false;                            ///< takes frames in the memory of a VA-API device only
    bool keeps_layout = false;                       ///< lossless: encodes 4:2:2, 4:4:4 and gray as they are
    bool only_keyframes = false;                     ///< set for live tracks: a group of pictures of one
    std::int64_t time_scale = 90000;                 ///< ticks per second
};

/// The traits of an encoder, or those of an unknown one.
const EncoderTraits& encoder_traits(std::string_view name);

/// The encoders in the table, in the order of the documentation.
std::span<const EncoderTraits> known_encoders();

/// The note of codec "auto" on a machine without NVENC.
inline constexpr std::string_view kNvencFallback =
    "h264_nvenc can't be used here, so libx264 encodes; `onetake --version` shows why.";

}  // namespace onetake
