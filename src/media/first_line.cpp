#include "media/first_line.h"

#include "media/clock_slope.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace onetake {

namespace {

constexpr double ms = 1e6;
constexpr double ppm = 1e3;  // as ns per s
// With fewer blocks than this, the scatter is assumed.
constexpr std::size_t few_blocks = 6;
constexpr double unknown_sigma = 5 * ms;
// Upper limit of wander, as a stall in the first seconds may look like it.
constexpr double most_wander = 8 * ms;

// The standard deviation of the residuals, from their distances from their window's level.
double sigma_about(const std::vector<double>& levels, std::vector<double> distances, std::size_t blocks) {
    double sigma = StampScatter::kSigmaPerMedian * median(distances);
    // Slow wander makes distant windows differ by more. It goes down as often as up, losses go up only: so the lower
    // quartile measures it.
    constexpr std::size_t apart = 4;
    std::vector<double> wander;
    for (std::size_t i = 0; i + apart < levels.size(); ++i) wander.push_back(levels[i + apart] - levels[i]);
    if (wander.size() > 2 * apart) {
        const auto quartile = wander.begin() + static_cast<std::ptrdiff_t>(wander.size() / 4);
        std::nth_element(wander.begin(), quartile, wander.end());
        sigma = std::max(sigma, std::min(most_wander, -StampScatter::kSigmaPerMedian * *quartile));
    }
    return blocks < few_blocks ? std::max(sigma, unknown_sigma) : sigma;
}

// Lateness and losses only raise the level, so it is the lowest one on which three windows in a row agree.
double lowest_level(const std::vector<double>& levels) {
    double lowest = levels.front();
    for (std::size_t i = 0; i + 2 < levels.size(); ++i) {
        std::vector<double> three(levels.begin() + static_cast<std::ptrdiff_t>(i),
                                  levels.begin() + static_cast<std::ptrdiff_t>(i) + 3);
        const double m = median(three);
        lowest = i == 0 ? m : std::min(lowest, m);
    }
    return lowest;
}

}  // namespace

FirstSlope FirstSlope::through(const std::vector<double>& xs, const std::vector<double>& ys, std::size_t farthest) {
    FirstSlope found{0, 1000 * ppm};
    double best = std::numeric_limits<double>::max();
    std::vector<double> slopes;
    for (std::size_t apart = 1; apart <= farthest; apart *= 2) {
        slopes.clear();
        for (std::size_t i = 0; i + apart < xs.size(); ++i)
            slopes.push_back((ys[i + apart] - ys[i]) / (xs[i + apart] - xs[i]));
        if (slopes.size() < 5) break;
        const double middle = median(slopes);
        for (double& s : slopes) s = std::abs(s - middle);
        const double error =
            1.8 * StampScatter::kSigmaPerMedian * median(slopes) / std::sqrt(static_cast<double>(slopes.size()));
        if (error >= best) continue;
        best = error;
        found.slope = shrunk_slope(middle, error * error);
        found.error = std::clamp(error, ppm, 1000 * ppm);
        if (error < 20 * ppm) break;
    }
    if (std::abs(found.slope) > kMostSlope) found.slope = 0;
    return found;
}

bool FirstSlope::refine_below(const StampView& view) {
    constexpr std::size_t together = 16;
    if (view.size() < 6 * together) return false;
    for (int pass = 0; pass < 2; ++pass) {
        std::vector<double> xs, ys;
        for (std::size_t i = 0; i + together <= view.size(); i += together) {
            const StampView::Block* least = nullptr;
            for (std::size_t k = i; k < i + together; ++k)
                if (const auto& b = view[k]; !least || b.y - slope * b.end_x < least->y - slope * least->end_x)
                    least = &b;
            xs.push_back(least->end_x);
            ys.push_back(least->y);
        }
        *this = through(xs, ys, xs.size() / 2);
    }
    return true;
}

double measure_first_level(const StampView& view, StampScatter& scatter) {
    const auto& residuals = view.residuals();
    const auto n = residuals.size();
    const std::size_t size = std::clamp<std::size_t>(n / 3, 1, 16);
    auto levels = view.window_medians(0, n, size);
    std::vector<double> distances, widths;  // of each block and each window
    for (std::size_t i = 0; i < n; ++i)
        distances.push_back(std::abs(residuals[i] - levels[std::min(i / size, levels.size() - 1)]));
    for (std::size_t i = 0; i < levels.size(); ++i) {
        std::vector<double> window(distances.begin() + static_cast<std::ptrdiff_t>(i * size),
                                   distances.begin() + static_cast<std::ptrdiff_t>(std::min(n, (i + 1) * size)));
        widths.push_back(StampScatter::kSigmaPerMedian * median(window));
    }
    scatter.start(distances, sigma_about(levels, distances, n));

    // Windows of wildly scattered first stamps are ignored.
    for (std::size_t i = 0; i < levels.size() && levels.size() > 3;)
        if (widths[i] > 3 * scatter.sigma() + 0.5 * ms) {
            levels.erase(levels.begin() + static_cast<std::ptrdiff_t>(i));
            widths.erase(widths.begin() + static_cast<std::ptrdiff_t>(i));
        } else {
            ++i;
        }
    const double lowest = lowest_level(levels);
    double sum = 0;
    int near = 0;
    for (double level : levels)
        if (std::abs(level - lowest) <= scatter.threshold()) {
            sum += level;
            ++near;
        }
    return near > 0 ? sum / near : lowest;
}

}  // namespace onetake
