#include "mix/peak_limiter.h"

#include <algorithm>
#include <cstddef>

namespace onetake {

namespace {

constexpr std::int64_t kOne = std::int64_t{1} << 30;

}  // namespace

PeakLimiter::PeakLimiter(std::int64_t threshold, int ahead, int release)
    : threshold_(threshold),
      ahead_(ahead),
      step_(std::max<std::int64_t>(kOne / std::max(release, 1), 1)),
      released_(kOne),
      smoothed_(static_cast<std::size_t>(ahead) + 1, kOne),
      sum_(kOne * (ahead + 1)) {}

// Each of the last ahead + 1 values of released_ is at most the gain that the sample `ahead` before needs, for that
// sample was in the window of each. So is their mean.
double PeakLimiter::next(std::int64_t magnitude) {
    const auto needed =
        magnitude <= threshold_
            ? kOne
            : static_cast<std::int64_t>(static_cast<double>(threshold_) / static_cast<double>(magnitude) * kOne);
    while (!lowest_.empty() && lowest_.back().second >= needed) lowest_.pop_back();
    lowest_.emplace_back(index_, needed);
    if (lowest_.front().first < index_ - ahead_) lowest_.pop_front();
    released_ = std::min(lowest_.front().second, released_ + step_);

    auto& oldest = smoothed_[static_cast<std::size_t>(index_ % (ahead_ + 1))];
    sum_ += released_ - oldest;
    oldest = released_;
    ++index_;
    return sum_ == kOne * (ahead_ + 1) ? 1.0 : static_cast<double>(sum_) / (static_cast<double>(kOne) * (ahead_ + 1));
}

}  // namespace onetake
