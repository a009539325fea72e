#include "mix/channel_matrix.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <initializer_list>
#include <numbers>

namespace onetake {

namespace {

enum Speaker { front_left, front_right, centre, low, back_left, back_right, back, side_left, side_right };
using Layout = std::array<Speaker, kMostMixedChannels>;

constexpr double kMinus3dB = std::numbers::sqrt2 / 2;

// Those of speaker_mask() (media/speakers.h), in the order of its bits.
constexpr std::array<Layout, kMostMixedChannels> kLayouts{{
    {centre},
    {front_left, front_right},
    {front_left, front_right, centre},
    {front_left, front_right, centre, back},
    {front_left, front_right, centre, back_left, back_right},
    {front_left, front_right, centre, low, back_left, back_right},
    {front_left, front_right, centre, low, back, side_left, side_right},
    {front_left, front_right, centre, low, back_left, back_right, side_left, side_right},
}};

struct Share {
    int output;
    double factor;
};

std::vector<Share> to_stereo(Speaker speaker, bool alone) {
    switch (speaker) {
        case front_left:
            return {{0, 1}};
        case front_right:
            return {{1, 1}};
        case centre:
            return alone ? std::vector<Share>{{0, 1}, {1, 1}} : std::vector<Share>{{0, kMinus3dB}, {1, kMinus3dB}};
        case back_left:
        case side_left:
            return {{0, kMinus3dB}};
        case back_right:
        case side_right:
            return {{1, kMinus3dB}};
        case back:
            return {{0, 0.5}, {1, 0.5}};
        case low:
            return {};
    }
    return {};
}

std::vector<Share> to_surround(Speaker speaker) {
    switch (speaker) {
        case side_left:
            return {{back_left, 1}};
        case side_right:
            return {{back_right, 1}};
        case back:
            return {{back_left, kMinus3dB}, {back_right, kMinus3dB}};
        default:
            return {{speaker, 1}};  // the first six in the output's order
    }
}

std::vector<Share> shares(Speaker speaker, int inputs, int outputs) {
    if (outputs == 6) return to_surround(speaker);
    auto found = to_stereo(speaker, inputs == 1);
    if (outputs == 1)
        for (auto& share : found) share = {0, share.factor / 2};
    return found;
}

}  // namespace

ChannelMatrix channel_matrix(int inputs, int outputs) {
    ChannelMatrix matrix{inputs, outputs, std::vector<double>(static_cast<std::size_t>(inputs * outputs), 0)};
    const auto factor = [&](int o, int i) -> double& {
        return matrix.factors[static_cast<std::size_t>(o * inputs + i)];
    };
    if (inputs == outputs) {
        for (int i = 0; i < inputs; ++i) factor(i, i) = 1;
        return matrix;
    }
    const auto& layout = kLayouts[static_cast<std::size_t>(inputs - 1)];
    for (int i = 0; i < inputs; ++i)
        for (const auto& share : shares(layout[static_cast<std::size_t>(i)], inputs, outputs))
            factor(share.output, i) += share.factor;
    double largest = 1;
    for (int o = 0; o < outputs; ++o) {
        double sum = 0;
        for (int i = 0; i < inputs; ++i) sum += factor(o, i);
        largest = std::max(largest, sum);
    }
    for (auto& f : matrix.factors) f /= largest;
    return matrix;
}

}  // namespace onetake
