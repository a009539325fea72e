#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <vector>

namespace onetake {

/// The median; of an even number the mean of the two in the middle. Reorders `values`, which must not be empty.
inline double median(std::vector<double>& values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    if (values.size() % 2 == 1) return *middle;
    return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

/// How far stamps lie from the expected line, over the last blocks, and the limits that follow from it. ns.
class StampScatter {
 public:
    /// A median deviation times this is the standard deviation of a normal distribution.
    static constexpr double kSigmaPerMedian = 1.4826;

    void set_block_seconds(double seconds) { block_seconds_ = seconds; }
    /// Between the values that lateness takes; 0: any value.
    void set_spacing(double spacing) { spacing_ = spacing; }
    double spacing() const { return spacing_; }
    /// A standard deviation that is not measurable with fewer stamps, as the least of all blocks in view hides it.
    void set_least_sigma(double sigma) { least_sigma_ = sigma; }

    /// Begins with these absolute distances of the first blocks, and a standard deviation not below `least_sigma`.
    void start(std::vector<double> distances, double least_sigma);
    void add(double distance);
    /// Measures the standard deviation of the last distances.
    void measure();

    /// The distances' robust standard deviation.
    double sigma() const { return sigma_; }
    /// Stamps with so little scatter were computed, not measured.
    bool exact() const { return sigma_ <= kExactSigma; }
    /// The smallest change of level that counts as a step.
    double threshold() const;
    /// How far a trusted stamp may lie from the line. At least the threshold, so that a line that lags behind a drift
    /// still follows it.
    double reach() const { return std::max(4 * sigma_, threshold()); }
    /// Number of blocks whose median shows a step of the threshold.
    std::size_t window_blocks() const;

 private:
    static constexpr double kExactSigma = 5e3;

    std::deque<double> last_;  // absolute distances
    double sigma_ = 0, least_sigma_ = 0, spacing_ = 0, block_seconds_ = 0;
};

}  // namespace onetake
