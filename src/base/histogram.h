#pragma once

#include "base/time.h"

#include <array>
#include <bit>
#include <cstdint>

namespace onetake {

/// Quantiles of durations in constant memory: buckets of an eighth of an octave, so a quantile is at most 13 % too
/// high.
class DurationHistogram {
 public:
    void add(Duration d) {
        const auto ns = static_cast<std::uint64_t>(d.count() > 0 ? d.count() : 0);
        ++buckets_[bucket(ns)];
        ++count_;
        if (d > max_) max_ = d;
        sum_ += d;
    }
    std::uint64_t count() const { return count_; }
    Duration max() const { return max_; }
    Duration mean() const { return count_ ? sum_ / static_cast<std::int64_t>(count_) : Duration{}; }
    /// A value that at least the share `q` (0 … 1) of the durations does not exceed.
    Duration quantile(double q) const {
        const auto rank = static_cast<std::uint64_t>(q * static_cast<double>(count_));
        std::uint64_t seen = 0;
        for (std::size_t i = 0; i < buckets_.size(); ++i) {
            seen += buckets_[i];
            if (seen > rank) return upper(i) < max_ ? upper(i) : max_;
        }
        return max_;
    }

 private:
    static constexpr unsigned kSub = 8;
    static std::size_t bucket(std::uint64_t ns) {
        if (ns < kSub) return ns;
        const auto octave = static_cast<unsigned>(std::bit_width(ns)) - 4;  // of kSub values each
        return octave * kSub + (ns >> octave);
    }
    static Duration upper(std::size_t i) {
        if (i < 2 * kSub) return Duration(i);
        const auto octave = i / kSub - 1;
        return Duration(((i - octave * kSub + 1) << octave) - 1);
    }

    std::array<std::uint64_t, 64 * kSub> buckets_{};
    std::uint64_t count_ = 0;
    Duration max_{}, sum_{};
};

}  // namespace onetake
