#pragma once

#include <algorithm>

namespace onetake {

/// The greatest slope of a clock against its label, ns/s: 44.1 kHz labelled 48 kHz is 88,400 ppm.
inline constexpr double kMostSlope = 120e6;
/// The spread of clocks' rates about their labels, ns/s: 300 ppm.
inline constexpr double kLikelySlope = 300e3;

/// A measured slope, shrunk towards the label rate by its variance. ns/s, (ns/s)².
inline double shrunk_slope(double slope, double variance) {
    const double spread = std::max(kLikelySlope * kLikelySlope, slope * slope - 9 * variance);
    return slope * spread / (spread + variance);
}

}  // namespace onetake
