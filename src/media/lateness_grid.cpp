#include "media/lateness_grid.h"

#include "media/linear_regression.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace onetake {

namespace {

// So many cells before and after a step must be on their tread.
constexpr std::size_t kTreadCells = 3;
// Standard error of a point, in spacings.
constexpr double kPointError = 0.04;
// Squared errors by which another bend must improve the fit.
constexpr double kBendCost = 25;
// Lines that come closer than so many standard errors meet.
constexpr double kSame = 4;
// Points to either side that are looked at.
constexpr std::ptrdiff_t kNear = 6;
constexpr std::size_t kRemembered = 64;

using Points = std::vector<LatenessGrid::Point>;

// Consecutive points [first, last) on one line, as part of the best chain of such runs from the first point on.
struct Run {
    std::size_t first = 0, last = 0;
    LinearRegression line;
    double cost = 0;
    std::size_t previous = 0;  ///< index; only if first > 0
    bool has_slope() const { return last - first >= 2; }
};

// Where the lines of two neighbouring runs come closest between their points, and how far they are apart there.
struct Meeting {
    double x = 0, apart = 0;
};

Meeting meeting(const Points& points, const Run& a, const Run& b) {
    const double from = points[a.last - 1].x, to = points[b.first].x;
    if (!a.has_slope() || !b.has_slope()) return {from, 0};
    const double turn = b.line.slope() - a.line.slope();
    const double cross = turn != 0 ? from + (a.line.at(from) - b.line.at(from)) / turn : from;
    const double x = std::clamp(cross, from, to);
    return {x, std::abs(a.line.at(x) - b.line.at(x))};
}

// The chain of straight runs through all points with the least squared errors, each bend costing as much as kBendCost.
std::vector<Run> straight_runs(const Points& points, double error) {
    std::vector<Run> runs;
    const auto n = points.size();
    for (std::size_t first = 0; first < n; ++first) {
        const auto known = runs.size();
        Run run;
        run.first = first;
        for (std::size_t last = first + 1; last <= n; ++last) {
            run.last = last;
            run.line.add(points[last - 1].x, points[last - 1].y);
            const double off = run.line.residual_rms() / error;
            const double own = off * off * static_cast<double>(last - first) + kBendCost * (run.has_slope() ? 1 : 1.5);
            run.cost = first == 0 ? own : std::numeric_limits<double>::max();
            for (std::size_t p = 0; p < known; ++p) {
                if (runs[p].last != first) continue;
                const double m = meeting(points, runs[p], run).apart / error;
                const double cost = runs[p].cost + own + m * m;
                if (cost >= run.cost) continue;
                run.cost = cost;
                run.previous = p;
            }
            runs.push_back(run);
        }
    }
    std::size_t best = runs.size() - 1;
    for (std::size_t i = 0; i < runs.size(); ++i)
        if (runs[i].last == n && runs[i].cost < runs[best].cost) best = i;
    std::vector<Run> chain{runs[best]};
    while (chain.back().first > 0) chain.push_back(runs[chain.back().previous]);
    std::reverse(chain.begin(), chain.end());
    return chain;
}

}  // namespace

void LatenessGrid::add(const StampCell& cell) {
    if (!cell.late || cell.spacing <= 0 || cell.segment != segment_) last_.clear();
    segment_ = cell.segment;
    if (!cell.late || cell.spacing <= 0 || !cell.edge.known) return;
    last_.push_back({cell.edge.x, cell.edge.y, cell.first_x, cell.end_x, cell.slope});
    if (last_.size() > 2 * kTreadCells) last_.pop_front();
    if (last_.size() < 2 * kTreadCells) return;
    for (std::size_t i = 0; i + 1 < last_.size(); ++i) {
        const auto &a = last_[i], &b = last_[i + 1];
        const double step = b.y - a.y - a.slope * (b.x - a.x);
        const bool large = std::abs(step) > 0.5 * cell.spacing && std::abs(step) < 1.5 * cell.spacing;
        if (large != (i + 1 == kTreadCells)) return;
        if (!large) continue;
        if (b.first_x - a.end_x > 0.75) return;
    }
    const auto &a = last_[kTreadCells - 1], &b = last_[kTreadCells];
    const double up = b.y - a.y - a.slope * (b.x - a.x);
    // The step is after the last stamp on the lower tread, or before the first.
    const auto& lower = up > 0 ? a : b;
    const double x = (lower.x + (up > 0 ? lower.end_x : lower.first_x)) / 2;
    points_.push_back({x, lower.y + lower.slope * (x - lower.x), segment_});
    if (points_.size() > kRemembered) points_.pop_front();
}

std::optional<LatenessGrid::Line> LatenessGrid::through(double x, std::int64_t segment, double spacing) const {
    Points own;
    for (const auto& p : points_)
        if (p.segment == segment) own.push_back(p);
    const auto at = std::partition_point(own.begin(), own.end(), [&](const Point& p) { return p.x <= x; });
    own.erase(at + std::min(kNear, own.end() - at), own.end());
    own.erase(own.begin(), at - std::min(kNear, at - own.begin()));
    if (own.size() < 2) return std::nullopt;

    const double error = kPointError * spacing;
    const auto runs = straight_runs(own, error);
    const auto line_at = [&](const LinearRegression& l) { return Line{l.at(x), l.slope()}; };
    std::size_t i = 0;
    while (i + 1 < runs.size() && own[runs[i].last - 1].x < x) ++i;
    const auto& run = runs[i];
    if (x >= own[run.first].x || i == 0) {
        if (run.has_slope()) return line_at(run.line);
        return std::nullopt;
    }
    // Between two runs: the rate changes where their lines meet.
    const auto& before = runs[i - 1];
    if (before.has_slope() && run.has_slope()) {
        const auto turn = meeting(own, before, run);
        if (turn.apart < kSame * error) return line_at(x < turn.x ? before.line : run.line);
        // They don't meet: samples were lost at an unknown instant.
        return Line{(before.line.at(x) + run.line.at(x)) / 2, (before.line.slope() + run.line.slope()) / 2};
    }
    const auto &a = own[before.last - 1], &b = own[run.first];
    const double slope = (b.y - a.y) / (b.x - a.x);
    return Line{a.y + slope * (x - a.x), slope};
}

}  // namespace onetake
