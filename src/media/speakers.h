#pragma once

#include <cstdint>

namespace onetake {

/// Where the loudspeakers of a track's channels are, as bits of a WAV's channel mask; 0: unknown. As libavutil's
/// default of each number, but of three the third is the centre, as in AAC, FLAC and Opus. (By the default it is the
/// one for low frequencies, of which AAC keeps the bass only.)
constexpr std::uint64_t speaker_mask(int channels) {
    constexpr std::uint64_t kMasks[] = {0, 0x4, 0x3, 0x7, 0x107, 0x37, 0x3f, 0x70f, 0x63f};
    return channels > 0 && channels <= 8 ? kMasks[channels] : 0;
}

}  // namespace onetake
