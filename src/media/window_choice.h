#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

namespace onetake {

/// Chooses the window around an instant: the widest one whose line agrees with those of all narrower ones, within what
/// such lines usually differ by, relative to their errors. So no line is fitted across a change of the clock's rate,
/// and slow wander of the stamps, which is usual, is not mistaken for one.
class WindowChoice {
 public:
    /// One window's estimate at the instant. ns, ns/s.
    struct Estimate {
        double y = 0, slope = 0;
        double error = 0;             ///< one standard error, if stamps scattered independently
        double above = 0, below = 0;  ///< allowed distance from a wider window's line, besides the error
        double edge = 0;              ///< the instant's position in the window: 0 in the middle, 1 at an end or beyond
        double stamps = 0;            ///< number of stamps used
        bool known = false;           ///< false: no estimate
    };

    /// `by_window`: from the narrowest to the widest. Returns the index of the chosen one.
    std::size_t choose(const std::vector<Estimate>& by_window) {
        std::size_t chosen = by_window.size() - 1;
        for (; chosen > 0; --chosen) {
            if (!by_window[chosen].known) continue;
            double usual = -1;
            bool agrees = true;
            for (std::size_t i = chosen; i-- > 0 && agrees;) {
                if (!by_window[i].known) break;
                usual = std::max(usual, differences_[std::min(i, differences_.size() - 1)].usual());
                // Slow wander cancels in the middle of a wide window, but not at its ends.
                double narrower = 0;
                for (std::size_t k = 0; k < i; ++k)
                    narrower = std::max(narrower, differences_[std::min(k, differences_.size() - 1)].usual());
                const double here = std::max(usual, by_window[i].edge * narrower);
                // No decision before the usual difference is known.
                if (usual < 0) continue;
                const double sigma = error_between(by_window[i], by_window[chosen]) * (1 + 1.5 * by_window[i].edge);
                agrees = difference(by_window[i], by_window[chosen]) <= kLeast + kOften * here * sigma;
            }
            if (agrees) break;
        }
        while (!by_window[chosen].known && chosen + 1 < by_window.size()) ++chosen;
        return chosen_ = chosen;
    }

    /// Records by how much neighbouring windows' lines differed at the last choice.
    void note(const std::vector<Estimate>& by_window) {
        for (std::size_t i = 0; i + 1 < by_window.size() && i < differences_.size(); ++i) {
            const auto &narrow = by_window[i], &wide = by_window[i + 1];
            if (!narrow.known || !wide.known || wide.stamps < 1.3 * narrow.stamps) continue;
            const double sigma = error_between(narrow, wide);
            // Differences across a change of rate are larger, and not usual.
            if (sigma > 0) differences_[i].add(difference(narrow, wide) / sigma, i < chosen_);
        }
    }

 private:
    static constexpr double kOften = 6.5;   // times the median difference: 4.4 standard deviations
    static constexpr double kLeast = 20e3;  // ns

    static double difference(const Estimate& narrow, const Estimate& wide) {
        const double above = narrow.y - wide.y;
        return std::max(std::abs(above) - (above > 0 ? narrow.above : narrow.below), 0.0);
    }
    // Of nested windows, which share stamps.
    static double error_between(const Estimate& narrow, const Estimate& wide) {
        const double both = narrow.error * narrow.error - wide.error * wide.error;
        return std::sqrt(std::max(both, 0.5 * narrow.error * narrow.error));
    }

    /// The last differences, as multiples of their standard error.
    class Differences {
     public:
        void add(double d, bool usual) {
            if (!usual && seen_++ % 8 != 0) return;
            if (ring_.size() < kMost)
                ring_.push_back(d);
            else
                ring_[next_] = d;
            next_ = (next_ + 1) % kMost;
            if (ring_.size() < kEnough || since_++ % 8 != 0) return;
            auto sorted = ring_;
            const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
            std::nth_element(sorted.begin(), middle, sorted.end());
            median_ = std::max(0.67, *middle);
        }
        double usual() const { return median_; }

     private:
        static constexpr std::size_t kMost = 480, kEnough = 40;
        std::vector<double> ring_;
        std::size_t next_ = 0, since_ = 0, seen_ = 0;
        double median_ = -1;  // -1: too few so far
    };
    std::array<Differences, 6> differences_;
    std::size_t chosen_ = 0;
};

}  // namespace onetake
