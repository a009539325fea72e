#include "media/clock_lines.h"

#include "media/clock_slope.h"

#include <algorithm>
#include <cmath>

namespace onetake {

namespace {

// Scatter assumed while there are too few stamps to measure it, ns.
constexpr double unknown_sigma = 5e6;
// The scatter of few stamps may look much smaller than it is (Student's distribution): of a dozen, 7 measured standard
// deviations are as improbable as 4.4 true ones, the limit of WindowChoice. Negligible for more stamps than this.
constexpr double few_stamps = 48, few_factor = 150;

// Relative position of x between two instants: 0 in the middle, 1 at either end or beyond.
double edge_of(double x, double first, double last) {
    const double half = (last - first) / 2;
    return half > 0 ? std::min(1.0, std::abs(x - first - half) / half) : 1;
}

}  // namespace

void ClockLines::add(const StampCell& cell) {
    cells_.push_back(cell);
    grid_.add(cell);
}

double ClockLines::spacing_of(const StampCell& cell) const {
    return std::max(cell.spacing, cells_.back().spacing);
}

ClockLines::Estimate ClockLines::fit(double x, const StampCell& cell, double reach, double last) {
    const auto cells = window(x, reach, last);
    return cell.late ? below(x, cell, cells) : mean(x, cell, cells);
}

bool ClockLines::fit_grid(double x, const StampCell& cell, Estimate& e) const {
    const double spacing = spacing_of(cell);
    if (!cell.late || spacing <= 0) return false;
    const auto line = grid_.through(x, cell.segment, spacing);
    if (!line) return false;
    e.y = line->y;
    e.slope = line->slope;
    return true;
}

ClockLines::Window ClockLines::window(double x, double reach, double last) const {
    const auto from = [&](double at) {
        const auto it =
            std::partition_point(cells_.begin(), cells_.end(), [&](const StampCell& c) { return c.first_x <= at; });
        return static_cast<std::size_t>(it - cells_.begin());
    };
    const auto first = from(x - reach);
    return {first > 0 ? first - 1 : 0, from(std::min(last, x + reach))};
}

// Least squares over the window's trusted stamps: one slope, a level for each segment.
ClockLines::Estimate ClockLines::mean(double x, const StampCell& cell, Window window) const {
    Estimate e;
    double sxx = 0, sxy = 0, squares = 0;
    std::int64_t stamps = 0, segments = 0;
    LinearRegression run, own;
    double own_first = 0, own_last = 0;
    const auto close = [&] {
        if (run.count() == 0) return;
        sxx += run.sxx();
        sxy += run.sxy();
        squares += run.syy();
        stamps += run.count();
        ++segments;
    };
    std::int64_t segment = -1;
    cells_.visit(window.first, window.last, [&](const CellStore::Sum& sum) {
        if (sum.segment != segment) {
            if (segment == cell.segment) own = run;
            close();
            run = {};
            segment = sum.segment;
        }
        run.merge(sum.stamps);
        if (segment != cell.segment || sum.stamps.count() == 0) return;
        if (own_last == 0) own_first = sum.first_x;
        own_last = sum.last_x;
    });
    if (segment == cell.segment) own = run;
    close();

    const auto freedom = static_cast<double>(stamps - segments - 1);
    double variance = unknown_sigma * unknown_sigma;
    if (freedom > 0) variance = std::max(0.0, squares - sxy * sxy / sxx) / freedom * (1 + 4 / freedom);
    if (freedom > 0 && freedom < few_stamps) variance *= 1 + few_factor / (freedom * freedom);
    const double slope_variance = sxx > 0 ? variance / sxx : kLikelySlope * kLikelySlope;
    e.slope = sxx > 0 ? std::clamp(shrunk_slope(sxy / sxx, variance / sxx), -kMostSlope, kMostSlope) : 0;
    if (own.count() == 0) return e;
    const double away = x - own.mean_x();
    e.y = own.mean_y() + e.slope * away;
    e.error = std::sqrt(variance / static_cast<double>(own.count()) + away * away * slope_variance);
    e.edge = edge_of(x, own_first, own_last);
    e.stamps = static_cast<double>(stamps);
    e.known = true;
    return e;
}

// The lower envelope of the window's least late stamps: one slope, a level for each segment.
ClockLines::Estimate ClockLines::below(double x, const StampCell& cell, Window window) {
    Estimate e;
    envelope_.clear();
    // sxx: of the edges about each segment's mean, estimated from its length as if evenly spaced.
    double sxx = 0, squares = 0, count = 0, own = 0, own_x = 0, own_first = 0, own_last = 0;
    double run_edges = 0, run_first = 0, run_last = 0;
    std::int64_t segment = -1;
    std::size_t runs = 0, own_run = 0;
    const auto close = [&] { sxx += run_edges * (run_last - run_first) * (run_last - run_first) / 12; };
    cells_.visit(window.first, window.last, [&](const CellStore::Sum& sum) {
        if (sum.edges == 0) return;
        if (sum.segment != segment || runs == 0) {
            close();
            segment = sum.segment;
            run_edges = 0;
            run_first = sum.first_edge_x;
            envelope_.new_run();
            ++runs;
        }
        envelope_.add(sum.hull, sum.edges, sum.edges_x);
        run_edges += sum.edges;
        run_last = sum.last_edge_x;
        squares += sum.squared_spread;
        count += sum.edges;
        if (segment != cell.segment) return;
        own_run = runs;
        own_x += sum.edges_x;
        if (own == 0) own_first = sum.first_edge_x;
        own_last = sum.last_edge_x;
        own += sum.edges;
    });
    close();
    if (count == 0) return e;
    // The minimum of n stamps has an error of 1/n, not 1/sqrt(n).
    const double variance = 4 * squares / (count * count);
    const double slope_variance = sxx > 0 ? variance / sxx : kLikelySlope * kLikelySlope;
    e.slope = sxx > 0 ? std::clamp(shrunk_slope(envelope_.slope(), variance / sxx), -kMostSlope, kMostSlope) : 0;
    if (own == 0) return e;
    const double own_level = envelope_.level(own_run - 1, e.slope);
    e.y = own_level + e.slope * x;
    const double away = x - own_x / own;
    e.error = std::sqrt(variance / own + away * away * slope_variance);
    e.edge = edge_of(x, own_first, own_last);
    if (spacing_of(cell) > 0) {
        // While lateness does not change, the line may lie too high; at its ends also too low.
        e.above = uncertainty(cell, window, e.slope, own_level);
        e.below = e.above * e.edge;
    }
    e.stamps = count;
    e.known = true;
    return e;
}

// The range of levels that a line of this slope may have below `highest`: while lateness takes few values, no stamp is
// later than one spacing above it, except after a stall.
double ClockLines::uncertainty(const StampCell& cell, Window window, double slope, double highest) const {
    const double spacing = spacing_of(cell);
    double most = 0;
    for (auto i = window.first; i < window.last; ++i) {
        const auto& c = cells_[i];
        if (c.segment != cell.segment || !c.edge.known) continue;
        const double excess = c.edge.y - slope * c.edge.x - highest;
        if (excess < 1.2 * spacing) most = std::max(most, excess);
    }
    return std::max(0.0, spacing - most);
}

}  // namespace onetake
