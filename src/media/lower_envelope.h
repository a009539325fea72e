#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <vector>

namespace onetake {

/// The highest straight line with no point below it, for points that scatter upwards only. Points are added in runs, in
/// order of x; all runs share one slope, each has its own level. The slope maximizes the line's height at the mean of
/// the points, so the line touches the lowest points to either side of the mean. O(n log n), no iteration.
class LowerEnvelope {
 public:
    struct Point {
        double x, y;
    };

    void clear() {
        points_.clear();
        runs_.clear();
    }
    /// Begins another run.
    void new_run() { runs_.push_back({points_.size(), points_.size(), 0, 0}); }
    void add(double x, double y) {
        count(1, x);
        lower({x, y});
    }
    /// Several points of a run, given by their lower convex hull.
    void add(const std::vector<Point>& hull, double points, double sum_x) {
        if (points <= 0) return;
        count(points, sum_x);
        for (const auto& p : hull) lower(p);
    }
    /// The lower convex hulls of all runs.
    const std::vector<Point>& points() const { return points_; }
    /// 0 while no run has two points.
    double slope() {
        edges_.clear();
        double balance = 0;  // how far the points' mean lies to the right of the touching points, weighted by count
        for (const auto& run : runs_) {
            if (run.count == 0) continue;
            balance += run.sum_x - run.count * points_[run.begin].x;
            for (auto i = run.begin; i + 1 < run.end; ++i) {
                const double dx = points_[i + 1].x - points_[i].x;
                if (dx > 0) edges_.push_back({(points_[i + 1].y - points_[i].y) / dx, run.count * dx});
            }
        }
        if (edges_.empty()) return 0;
        std::sort(edges_.begin(), edges_.end(), [](const Edge& a, const Edge& b) { return a.slope < b.slope; });
        for (const auto& edge : edges_) {
            balance -= edge.step;
            if (balance <= 0) return edge.slope;
        }
        return edges_.back().slope;
    }
    /// The line's y at x = 0 for a run (from 0) and a slope.
    double level(std::size_t run, double slope) const {
        double lowest = std::numeric_limits<double>::max();
        for (auto i = runs_[run].begin; i < runs_[run].end; ++i)
            lowest = std::min(lowest, points_[i].y - slope * points_[i].x);
        return lowest;
    }

 private:
    void count(double points, double sum_x) {
        if (runs_.empty()) new_run();
        runs_.back().count += points;
        runs_.back().sum_x += sum_x;
    }
    void lower(const Point& p) {
        auto& run = runs_.back();
        // The lower convex hull of the run: points above the line between their neighbours are removed.
        while (points_.size() >= run.begin + 2) {
            const auto& a = points_[points_.size() - 2];
            const auto& b = points_.back();
            if ((b.y - a.y) * (p.x - a.x) < (p.y - a.y) * (b.x - a.x)) break;
            points_.pop_back();
        }
        points_.push_back(p);
        run.end = points_.size();
    }

    struct Run {
        std::size_t begin, end;  ///< of the hull, in points_
        double count, sum_x;     ///< of all points
    };
    struct Edge {
        double slope, step;
    };
    std::vector<Point> points_;  // the hulls, concatenated
    std::vector<Run> runs_;
    std::vector<Edge> edges_;  // reused
};

}  // namespace onetake
