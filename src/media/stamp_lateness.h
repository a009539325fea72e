#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <deque>
#include <functional>
#include <vector>

namespace onetake {

/// The shape of the stamps' scatter, from their distances from the line, in order: can stamps only be late (scatter to
/// one side), and how finely does lateness vary near its lower edge? Over the last blocks only. Constant memory.
class StampLateness {
 public:
    /// `chunk`: this many consecutive blocks share one median; slower changes belong to the line, not to the scatter.
    explicit StampLateness(std::size_t chunk = 24) : chunk_(chunk) {}

    /// `last`: no burst with the next block, so the stamp shows the delivery's lateness.
    /// `together`: arrived almost at the same time as the previous block, which can't be capture times.
    /// `late`: the stamp's lateness against the label line.
    void add(double residual, double late, bool known_late, bool together, bool last) {
        together_ += together ? 1 : 0;
        at_once_.push_back(together);
        if (last) last_.push_back(residual);
        if (last_.size() > kRemembered) last_.pop_front();
        recent_.push_back(residual);
        label_.push_back(late);
        known_ += known_late ? 1 : 0;
        late_.push_back(known_late);
        open_.push_back(residual);
        if (open_.size() == chunk_) {
            sorted_ = open_;
            const auto middle = sorted_.begin() + static_cast<std::ptrdiff_t>(chunk_ / 2);
            std::nth_element(sorted_.begin(), middle, sorted_.end());
            const double level = *middle;
            for (double& r : sorted_) r = std::abs(r - level);
            std::nth_element(sorted_.begin(), middle, sorted_.end());
            // Lateness may change with the load, so each chunk is scaled by its own width.
            if (const double width = *middle; width > 0)
                for (double r : open_) local_.push_back((r - level) / width);
            open_.clear();
        }
        while (local_.size() > kRemembered) local_.pop_front();
        while (recent_.size() > kRemembered) {
            recent_.pop_front();
            label_.pop_front();
            known_ -= late_.front() ? 1 : 0;
            late_.pop_front();
            together_ -= at_once_.front() ? 1 : 0;
            at_once_.pop_front();
        }
    }

    /// Whether most stamps are marked as arrivals, or so many come in bursts that they must be.
    bool known_late() const { return !late_.empty() && (2 * known_ > late_.size() || 4 * together_ > late_.size()); }

    /// Quantile skewness (q90 + q10 - 2 q50) / (q90 - q10): 0 for symmetric scatter, 0.47 for exponential; outliers
    /// beyond the quantiles don't count. `sure`: the significance limit, 5/√n.
    double skew(double& sure) {
        const auto n = local_.size();
        sure = 5 / std::sqrt(static_cast<double>(std::max<std::size_t>(n, 1)));
        if (n < 2 * chunk_) return 0;
        sorted_.assign(local_.begin(), local_.end());
        const auto at = [&](double share) {
            const auto it = sorted_.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(n - 1));
            std::nth_element(sorted_.begin(), it, sorted_.end());
            return *it;
        };
        const double low = at(0.1), middle = at(0.5), high = at(0.9);
        return high > low ? (high + low - 2 * middle) / (high - low) : 0;
    }

    /// The usual lateness against the earliest stamps, ns: the mean, if it is exponential.
    double scale() {
        if (last_.empty()) return 0;
        sorted_.assign(last_.begin(), last_.end());
        const auto middle = sorted_.begin() + static_cast<std::ptrdiff_t>(sorted_.size() / 2);
        const auto low = sorted_.begin() + static_cast<std::ptrdiff_t>(sorted_.size() / 50);
        std::nth_element(sorted_.begin(), middle, sorted_.end());
        const double half = *middle;
        std::nth_element(sorted_.begin(), low, middle + 1);
        earliest_ = *low;
        return (half - earliest_) / 0.69;
    }

    /// Number of stamps later than this, ns, against the earliest.
    std::size_t later_than(double lateness) const {
        return static_cast<std::size_t>(
            std::count_if(last_.begin(), last_.end(), [&](double r) { return r - earliest_ > lateness; }));
    }
    std::size_t seen() const { return last_.size(); }

    /// The widest hole, ns, in the lower half of the distances; 0 without a clear one. Lateness with a few values only
    /// (delivery on a grid) does not show by how much all stamps are late. Holes of about `block` ns or more are
    /// bursts. Searched in short runs of blocks, as the values shift with the grid's phase; most runs
    /// must have one.
    double spacing(double block) { return std::max(spacing_of(recent_, block), spacing_of(label_, block)); }

 private:
    double spacing_of(const std::deque<double>& values, double block) {
        std::vector<double> holes;  // of each run; 0 without one
        for (std::size_t from = 0; from + kRun <= values.size(); from += kRun) {
            const auto begin = values.begin() + static_cast<std::ptrdiff_t>(from);
            sorted_.assign(begin, begin + kRun);
            std::sort(sorted_.begin(), sorted_.end());
            constexpr std::size_t lowest = 2, middle = kRun / 2;
            double hole = 0;
            for (auto i = lowest; i < middle; ++i) hole = std::max(hole, sorted_[i + 1] - sorted_[i]);
            const bool clear = hole > (sorted_[middle] - sorted_[lowest]) / 4 && hole < 0.6 * block;
            holes.push_back(clear ? hole : 0);
        }
        if (holes.size() < 2) return 0;
        std::sort(holes.begin(), holes.end(), std::greater<>());
        return holes[std::max<std::size_t>(1, holes.size() / 2)];
    }

    static constexpr std::size_t kRemembered = 512, kRun = 128;
    std::size_t chunk_;
    std::deque<double> recent_, label_, local_, last_;
    std::deque<bool> late_, at_once_;
    std::size_t known_ = 0, together_ = 0;
    double earliest_ = 0;
    std::vector<double> open_, sorted_;
};

}  // namespace onetake
