#pragma once

extern "C" {
#include <libavutil/channel_layout.h>
}

namespace onetake {

/// The loudspeakers of a track's channels: libavutil's default of each number, but of three the third is the centre, as
/// in AAC, FLAC and Opus. (By the default it is the one for low frequencies, of which AAC keeps the bass only.)
inline void set_layout(AVChannelLayout& layout, int channels) {
    if (channels == 3)
        av_channel_layout_from_mask(&layout, AV_CH_LAYOUT_SURROUND);
    else
        av_channel_layout_default(&layout, channels);
}

}  // namespace onetake
