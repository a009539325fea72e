#include "media/stamp_scatter.h"

#include <cmath>

namespace onetake {

namespace {
constexpr double ms = 1e6;
constexpr std::size_t remembered_blocks = 512;
}  // namespace

void StampScatter::start(std::vector<double> distances, double least_sigma) {
    sigma_ = std::max(least_sigma_, least_sigma);
    last_.assign(distances.begin(), distances.end());
    for (double& d : last_) d = std::max(d, sigma_ / kSigmaPerMedian);
    while (last_.size() > remembered_blocks) last_.pop_front();
}

void StampScatter::add(double distance) {
    last_.push_back(std::abs(distance));
    if (last_.size() > remembered_blocks) last_.pop_front();
}

void StampScatter::measure() {
    std::vector<double> distances(last_.begin(), last_.end());
    sigma_ = std::max(least_sigma_, kSigmaPerMedian * median(distances));
}

double StampScatter::threshold() const {
    const double least = exact() ? 0.25 * ms : std::clamp(20 * sigma_, 0.5 * ms, 8 * ms);
    return std::max({least, 1.2 * sigma_, 2 * spacing_});
}

std::size_t StampScatter::window_blocks() const {
    const double ratio = sigma_ / threshold();
    const auto most = std::max<std::size_t>(3, static_cast<std::size_t>(0.5 / std::max(block_seconds_, 1e-6)));
    return std::clamp<std::size_t>(static_cast<std::size_t>(std::ceil(24 * ratio * ratio)), 3, most);
}

}  // namespace onetake
