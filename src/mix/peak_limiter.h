#pragma once

#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

namespace onetake {

/// The gain that keeps a signal under a threshold, known a little ahead of each peak, so that it falls and rises
/// smoothly and no sample is cut. It is exactly one where no peak is near. In integers, so that it does not depend on
/// how the signal is divided into blocks. Thread-bound.
class PeakLimiter {
 public:
    /// Samples and `threshold` in the same unit. `ahead`: samples by which a peak is seen in advance; `release`:
    /// samples in which the gain rises from 0 to 1.
    PeakLimiter(std::int64_t threshold, int ahead, int release);

    /// Takes the magnitude of the next sample (over all channels). The gain that results is that of the sample `ahead`
    /// samples before; 1 for the `ahead` ones before the first.
    double next(std::int64_t magnitude);

    int ahead() const { return ahead_; }

 private:
    const std::int64_t threshold_;
    const int ahead_;
    const std::int64_t step_;
    std::int64_t index_ = 0;
    std::deque<std::pair<std::int64_t, std::int64_t>>
        lowest_;  // of the last ahead + 1 gains needed: index, gain; rising
    std::int64_t released_;
    std::vector<std::int64_t> smoothed_;  // the last ahead + 1 of `released_`, a ring
    std::int64_t sum_;                    // of smoothed_
};

}  // namespace onetake
