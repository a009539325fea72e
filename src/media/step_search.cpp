#include "media/step_search.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace onetake {

namespace {
// e^-14: once in a million.
constexpr double sure_logarithm = 14;
}  // namespace

// Whether it is improbable that blocks [from, to) are all this late by chance, given the recent stamps and the view.
bool StepSearch::surely_late(double lateness, std::size_t from, std::size_t to, bool flagged) const {
    if (!late_) return true;
    const auto& residuals = view_.residuals();
    const auto& distances = view_.distances();
    double later = static_cast<double>(lateness_.later_than(lateness)), seen = static_cast<double>(lateness_.seen());
    double later_here = 0, seen_here = 0;
    for (auto i = from; i < distances.size(); ++i) {
        if (!view_[i].last) continue;
        ++seen_here;
        later_here += distances[i] - residuals[i] > lateness ? 1 : 0;
    }
    const double share = std::max((later + 1) / (seen + 2), seen_here > 16 ? later_here / seen_here : 0);
    const double wanted = flagged ? sure_logarithm / 2 : sure_logarithm;
    return static_cast<double>(view_.shown(from, to)) * -std::log(std::min(share, 0.999)) > wanted;
}

// A step is a level that all windows up to the end of the look-ahead keep: lateness after a stall ends, lost samples
// stay lost.
bool StepSearch::find(std::size_t in_cell, bool finishing, Step& step) const {
    const auto& residuals = view_.residuals();
    const auto n = residuals.size();
    const auto size = scatter_.window_blocks();
    auto from = in_cell;
    bool flagged = false;
    for (std::size_t i = 0; i < std::min(n, in_cell + size); ++i) flagged |= view_[i].xrun;
    if (finishing) {
        const double seconds = flagged ? 0.25 : 1.0;
        const auto wanted = scatter_.exact()
                                ? std::size_t{2}
                                : std::max(size, static_cast<std::size_t>(seconds / std::max(block_seconds_, 1e-6)));
        if (n < wanted) return false;
        from = std::min(from, n - wanted);
    }
    if (from >= n) return false;
    const auto levels = view_.window_medians(from, n, size);
    const double least = flagged ? 0.6 * scatter_.threshold() : scatter_.threshold();
    const auto [low, high] = std::minmax_element(levels.begin(), levels.end());
    // For late stamps, a lower level means that all were late so far; the lower envelope follows without a step.
    if (late_ && *low <= least && *high >= -std::max(least, block_seconds_ * 1e9)) return false;
    const double nearest = *low > 0 ? *low : *high;
    if (*low <= least && *high >= -least) return false;

    if (*low > least && !surely_late(*low, from, n, flagged)) return false;

    double sum = 0;
    int count = 0;
    for (double level : levels) {
        const bool alike = std::abs(level - nearest) <= scatter_.threshold();
        if (!alike && count > 0) break;
        if (alike) {
            sum += level;
            ++count;
        }
    }
    step.level = sum / count;
    if (late_ && *low > 0) {
        step.level = *low;
        step.block = locate_least_late(least, n, step.level);
        // Fewer blocks than this before the step make no level.
        constexpr std::size_t level_blocks = 3;
        const bool begun = view_.front().first > segment_first_ ||
                           (step.block >= level_blocks && view_[step.block - level_blocks].first >= segment_first_);
        return begun && step.block < in_cell;
    }
    step.block = locate(step.level, std::min(n, std::max(from, in_cell) + 2 * size));
    return step.block < in_cell;
}

// The first block of the new level, for late stamps. Late stamps just before the loss look like a smaller loss or like
// blocks after it; a flag of the device decides.
std::size_t StepSearch::locate_least_late(double least, std::size_t to, double& level) const {
    const auto &distances = view_.distances(), &residuals = view_.residuals();
    const double error = 0.1 * std::min(least, 3 * scatter_.threshold());  // of the levels
    std::size_t at = 0;
    for (;;) {
        while (at < to && (residuals[at] < least || view_[at].first <= segment_first_)) ++at;
        auto end = at;
        while (end < to && residuals[end] < residuals[at] + scatter_.threshold()) ++end;
        if (at == to) break;
        // Late stamps just before the loss may look like a part of it: the step explains most of the lateness.
        auto best = at;
        for (auto i = at; i < end; ++i)
            if (static_cast<double>(end - i) * residuals[i] > static_cast<double>(end - best) * residuals[best])
                best = i;
        if (end == to || surely_late(residuals[best], best, end, view_[best].xrun)) {
            level = residuals[best];
            at = best;
            break;
        }
        at = end;
    }
    const double reached = std::min(level, at < to ? residuals[at] : level);
    const auto first_reaching = [&](double lowest) {
        auto i = at;
        while (i > 0 && residuals[i - 1] >= lowest && view_[i - 1].first > segment_first_) --i;
        return i;
    };
    for (auto i = first_reaching(reached - 3 * error); i < to && distances[i] >= reached - 3 * error; ++i)
        if (view_[i].xrun) return i;
    return first_reaching(reached - error);
}

// The first block of the new level, by least cost over residuals[0, to). Early stamps cost more than late ones.
std::size_t StepSearch::locate(double level, std::size_t to) const {
    const auto& residuals = view_.residuals();
    const double bound = scatter_.reach();
    const auto cost = [&](double r) {
        const double c = std::min(r * r, bound * bound) + 0.01 * bound * std::abs(r);
        return r < -bound ? 2 * c : c;
    };
    double after = 0;
    for (std::size_t i = 0; i < to; ++i) after += cost(residuals[i] - level);
    double before = 0;
    double best = std::numeric_limits<double>::max();
    std::size_t at = to;
    for (std::size_t k = 0; k <= to; ++k) {
        const bool allowed = k == to || view_[k].first > segment_first_;
        const double bonus = k < to && view_[k].xrun ? bound * bound : 0;
        if (allowed && before + after - bonus < best) {
            best = before + after - bonus;
            at = k;
        }
        if (k == to) break;
        before += cost(residuals[k]);
        after -= cost(residuals[k] - level);
    }
    return at;
}

RateHypothesis StepSearch::bend(const Step& step) const {
    const auto& residuals = view_.residuals();
    const auto n = residuals.size();
    const auto size = scatter_.window_blocks();
    // Too few blocks follow the last ones of the view for a least late one.
    const auto last = late_ ? n - std::min(n, n / 4) : n;
    std::vector<double> xs, levels, window;
    for (std::size_t i = step.block; i + size <= last; i += size) {
        window.assign(residuals.begin() + static_cast<std::ptrdiff_t>(i),
                      residuals.begin() + static_cast<std::ptrdiff_t>(i + size));
        levels.push_back(median(window));
        xs.push_back(view_.x_of(i + size / 2));
    }
    for (std::size_t i = step.block; i < std::min(n, step.block + size); ++i)
        if (view_[i].xrun) return {};
    return RateHypothesis::test(xs, levels);
}

}  // namespace onetake
