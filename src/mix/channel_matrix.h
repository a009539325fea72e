#pragma once

#include <vector>

namespace onetake {

inline constexpr int kMostMixedChannels = 8;

/// How the channels of one layout become those of another: out[o] is the sum over i of at(o, i) * in[i]. Layouts are
/// the usual ones of each number of channels (6: front left, right, centre, low frequencies, back left, right). By
/// ITU-R BS.775: centre and surround with -3 dB, low frequencies left out where the output has no such channel; scaled
/// so that no output exceeds the loudest input. The same number of channels: unchanged.
struct ChannelMatrix {
    int inputs = 0, outputs = 0;
    std::vector<double> factors;  ///< of output 0 for each input, then of output 1 …

    double at(int output, int input) const {
        return factors[static_cast<std::size_t>(output) * static_cast<std::size_t>(inputs) +
                       static_cast<std::size_t>(input)];
    }
};

/// `inputs`: 1 to kMostMixedChannels; `outputs`: 1, 2 or 6.
ChannelMatrix channel_matrix(int inputs, int outputs);

}  // namespace onetake
