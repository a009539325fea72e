#include "media/stamp_view.h"

#include "media/stamp_scatter.h"

#include <algorithm>
#include <limits>

namespace onetake {

namespace {
// The part of the view's length by which the stamps must have advanced.
constexpr double view_share = 0.85;
}  // namespace

void StampView::append(const Block& block, bool apart) {
    if (!blocks_.empty()) blocks_.back().last = apart;
    blocks_.push_back(block);
}

void StampView::drop(std::size_t count) {
    blocks_.erase(blocks_.begin(), blocks_.begin() + static_cast<std::ptrdiff_t>(count));
}

std::size_t StampView::reaching(std::int64_t cell_end, double cell_end_x, std::int64_t ahead_samples,
                                double ahead) const {
    const auto stamp_x = [](const Block& b) { return b.x + b.y * 1e-9; };
    const auto by_sample = [&](std::int64_t sample) {
        return std::lower_bound(blocks_.begin(), blocks_.end(), sample,
                                [](const Block& b, std::int64_t s) { return b.first < s; });
    };
    auto last = by_sample(cell_end);
    if (last != blocks_.begin()) --last;
    const double enough = stamp_x(*last) + view_share * ahead;
    auto i = by_sample(cell_end + ahead_samples);
    while (i != blocks_.end() && stamp_x(*i) < enough && i->x < cell_end_x + kLongestSeconds) ++i;
    return static_cast<std::size_t>(i - blocks_.begin());
}

void StampView::measure(const StampLine& line, bool late, std::size_t count) {
    late_ = late;
    distances_.clear();
    for (std::size_t i = 0; i < count; ++i) distances_.push_back(blocks_[i].y - line.at(x_of(i)));
    residuals_ = distances_;
}

double StampView::keep_least_late(double bound) {
    const auto n = distances_.size();
    double limit = -std::numeric_limits<double>::max();
    // Stamps that stay early are so in the view's second half, too.
    const auto early = std::count_if(distances_.begin() + static_cast<std::ptrdiff_t>(n / 2), distances_.end(),
                                     [&](double d) { return d < bound; });
    if (early <= std::max<std::ptrdiff_t>(1, static_cast<std::ptrdiff_t>(n / 100))) limit = bound;
    double least = std::numeric_limits<double>::max();
    for (std::size_t i = n; i-- > 0;) {
        if (distances_[i] >= limit) least = std::min(least, distances_[i]);
        residuals_[i] = least == std::numeric_limits<double>::max() ? 0 : least;
    }
    return limit;
}

std::vector<double> StampView::window_medians(std::size_t from, std::size_t to, std::size_t size) const {
    std::vector<double> medians, window;
    for (std::size_t i = from; i < to; i += size) {
        const auto end = std::min(to, i + size);
        if (end - i < size && !medians.empty()) break;
        window.assign(residuals_.begin() + static_cast<std::ptrdiff_t>(i),
                      residuals_.begin() + static_cast<std::ptrdiff_t>(end));
        medians.push_back(median(window));
    }
    return medians;
}

std::size_t StampView::shown(std::size_t from, std::size_t to) const {
    std::size_t count = 0;
    for (auto i = from; i < to; ++i) count += blocks_[i].last ? 1 : 0;
    return count;
}

}  // namespace onetake
