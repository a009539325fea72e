#pragma once

#include <cmath>
#include <vector>

namespace onetake {

/// Two explanations of stamps that have left the expected line: samples were lost (the distance is constant), or the
/// rate of a clock changed (the distance grows from zero). x in s, distances in ns.
struct RateHypothesis {
    double slope = 0;    ///< ns/s, change of the line's slope
    double middle = 0;   ///< x of the points' mean
    double level = 0;    ///< their distance there
    bool holds = false;  ///< a change of rate explains the distances better than a loss

    /// `xs`, `distances`: after the supposed loss, in order, without outliers.
    static RateHypothesis test(const std::vector<double>& xs, const std::vector<double>& distances) {
        RateHypothesis h;
        const auto n = xs.size();
        if (n < 4) return h;
        for (std::size_t i = 0; i < n; ++i) {
            h.middle += xs[i] / static_cast<double>(n);
            h.level += distances[i] / static_cast<double>(n);
        }
        double sxx = 0, sxy = 0;
        for (std::size_t i = 0; i < n; ++i) {
            const double dx = xs[i] - h.middle;
            sxx += dx * dx;
            sxy += dx * (distances[i] - h.level);
        }
        if (sxx <= 0) return h;
        h.slope = sxy / sxx;
        double about = 0;  // sum of squares about the line of the new slope
        for (std::size_t i = 0; i < n; ++i) {
            const double off = distances[i] - h.level - h.slope * (xs[i] - h.middle);
            about += off * off;
        }
        const double reached = h.slope * (xs.back() - xs.front());  // growth of the distance
        const double explained = h.slope * h.slope * sxx;
        h.holds = std::abs(h.slope) < kFastest && reached * h.level > 0 &&
                  std::abs(reached) > kGrown * std::abs(h.level) && explained > kClear * about;
        return h;
    }

 private:
    static constexpr double kGrown = 0.7;  // of the mean distance; growth from zero gives 2, a loss 0
    static constexpr double kClear = 4;
    static constexpr double kFastest = 2e6;  // ns/s: clocks are slewed by less; repeated losses look like more
};

}  // namespace onetake
