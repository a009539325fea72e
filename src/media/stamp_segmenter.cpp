#include "media/stamp_segmenter.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace onetake {

namespace {

constexpr double ms = 1e6;
constexpr double us = 1e3;
constexpr double ppm = 1e3;  // as ns per s

constexpr double start_seconds = 10;
constexpr double look_ahead_seconds = 4;
constexpr double memory_seconds = 20;
constexpr double start_blocks = 12;
constexpr double longest_block_seconds = 4 * 3600;
constexpr std::size_t scatter_blocks = 512;
constexpr double most_slope = 50'000 * ppm;
// A median deviation times this is the standard deviation of normally spread stamps.
constexpr double sigma_per_median = 1.4826;
// Fewer blocks than this don't show their scatter, which is then taken to be this.
constexpr std::size_t few_blocks = 6;
constexpr double unknown_sigma = 5 * ms;
// A stall among the first seconds may look like wandering; wandering is never wider than this.
constexpr double most_wander = 8 * ms;
// Stamps as good as this were computed, not measured.
constexpr double exact_sigma = 5 * us;

double median(std::vector<double>& v) {
    const auto middle = v.begin() + static_cast<std::ptrdiff_t>(v.size() / 2);
    std::nth_element(v.begin(), middle, v.end());
    if (v.size() % 2 == 1) return *middle;
    return (*middle + *std::max_element(v.begin(), middle)) / 2;
}

double median_of(const std::deque<double>& values) {
    std::vector<double> v(values.begin(), values.end());
    return median(v);
}

}  // namespace

StampSegmenter::StampSegmenter(int label_rate)
    : rate_(std::max(1, label_rate)), hop_(std::max<std::int64_t>(1, label_rate / 2)) {}

void StampSegmenter::add(const AudioBlockStamp& block, std::vector<StampCell>& out) {
    if (block.frames <= 0 || (accepted_ > 0 && block.first_sample < end_sample_)) return;
    // No device gives such blocks, nor leaves such holes; laying them out would take as long as they claim to last.
    const auto most = static_cast<std::int64_t>(longest_block_seconds * rate_);
    if (block.frames > most || (accepted_ > 0 && block.first_sample - end_sample_ > most)) return;
    if (accepted_++ == 0) {
        origin_sample_ = cell_first_ = block.first_sample;
        segment_first_ = block.first_sample;
        origin_time_ = block.time;
    }
    end_sample_ = block.first_sample + block.frames;
    const auto index = block.first_sample - origin_sample_;
    const auto label = from_ticks(index, static_cast<std::int64_t>(rate_));
    pending_.push_back({block.first_sample, end_sample_, static_cast<double>(index) / rate_,
                        static_cast<double>((block.time - origin_time_ - label).count()), block.xrun});

    const double ahead = static_cast<double>(end_sample_ - origin_sample_) / rate_;
    if (!begun_) {
        if (ahead < start_seconds || static_cast<double>(accepted_) < start_blocks) return;
        begin();
    }
    while (static_cast<double>(end_sample_ - (cell_first_ + hop_)) / rate_ >= look_ahead_)
        decide(cell_first_ + hop_ - (cell_first_ - origin_sample_) % hop_, false, out);
}

void StampSegmenter::finish(std::vector<StampCell>& out) {
    if (pending_.empty()) return;
    if (!begun_) begin();
    while (cell_first_ < end_sample_)
        decide(std::min(end_sample_, cell_first_ + hop_ - (cell_first_ - origin_sample_) % hop_), true, out);
}

// Finds slope, level and scatter from the first seconds, whatever they contain.
void StampSegmenter::begin() {
    begun_ = true;
    const auto n = pending_.size();
    block_seconds_ = static_cast<double>(end_sample_ - origin_sample_) / rate_ / static_cast<double>(n);
    look_ahead_ = std::max(look_ahead_seconds, 12 * block_seconds_);
    memory_ = std::max(memory_seconds, 24 * std::min(block_seconds_, long_block_seconds));
    const double heard = pending_.back().x - pending_.front().x;
    most_known_slope_ = static_cast<double>(n) * heard * heard / 12;

    // Medians of slopes between blocks some distance apart: losses and stalls spoil only the pairs that straddle them,
    // fewer the shorter the distance; scatter wants it long. Take the shortest that is sure enough.
    slope_ = 0;
    slope_error_ = 1000 * ppm;
    double best = std::numeric_limits<double>::max();
    std::vector<double> slopes;
    for (std::size_t apart = 1; apart <= n / 4; apart *= 2) {
        slopes.clear();
        for (std::size_t i = 0; i + apart < n; ++i)
            slopes.push_back((pending_[i + apart].y - pending_[i].y) / (pending_[i + apart].x - pending_[i].x));
        if (slopes.size() < 5) break;
        const double middle = median(slopes);
        for (double& s : slopes) s = std::abs(s - middle);
        const double error = 1.8 * sigma_per_median * median(slopes) / std::sqrt(static_cast<double>(slopes.size()));
        if (error >= best) continue;
        best = error;
        // Shrunk towards the label as far as the two can't be told apart.
        const double spread = std::max(300 * ppm * 300 * ppm, middle * middle - 9 * error * error);
        slope_ = middle * spread / (spread + error * error);
        slope_error_ = std::clamp(error, ppm, 1000 * ppm);
        if (error < 20 * ppm) break;
    }
    if (std::abs(slope_) > most_slope) slope_ = 0;

    residuals_.clear();
    for (const auto& p : pending_) residuals_.push_back(p.y - slope_ * p.x);
    begin_level();
}

// The level at the start, and how widely stamps scatter about it.
void StampSegmenter::begin_level() {
    const auto n = residuals_.size();
    const std::size_t size = std::clamp<std::size_t>(n / 3, 1, 16);
    auto levels = window_medians(0, n, size);
    std::vector<double> widths;  // of each window
    for (std::size_t i = 0; i < n; ++i)
        scatter_.push_back(std::abs(residuals_[i] - levels[std::min(i / size, levels.size() - 1)]));
    for (std::size_t i = 0; i < levels.size(); ++i) {
        std::vector<double> window(scatter_.begin() + static_cast<std::ptrdiff_t>(i * size),
                                   scatter_.begin() + static_cast<std::ptrdiff_t>(std::min(n, (i + 1) * size)));
        widths.push_back(sigma_per_median * median(window));
    }
    sigma_ = sigma_per_median * median_of(scatter_);
    // Windows some distance apart differ by more than that where stamps wander slowly. Wandering goes down as often as
    // up, losses go up only: the lower quartile tells.
    constexpr std::size_t apart = 4;
    std::vector<double> wander;
    for (std::size_t i = 0; i + apart < levels.size(); ++i) wander.push_back(levels[i + apart] - levels[i]);
    if (wander.size() > 2 * apart) {
        const auto quartile = wander.begin() + static_cast<std::ptrdiff_t>(wander.size() / 4);
        std::nth_element(wander.begin(), quartile, wander.end());
        sigma_ = std::max(sigma_, std::min(most_wander, -sigma_per_median * *quartile));
    }
    if (n < few_blocks) sigma_ = std::max(sigma_, unknown_sigma);
    for (double& s : scatter_) s = std::max(s, sigma_ / sigma_per_median);
    while (scatter_.size() > scatter_blocks) scatter_.pop_front();

    // Odd first stamps lie anywhere and widely apart.
    for (std::size_t i = 0; i < levels.size() && levels.size() > 3;)
        if (widths[i] > 3 * sigma_ + 0.5 * ms) {
            levels.erase(levels.begin() + static_cast<std::ptrdiff_t>(i));
            widths.erase(widths.begin() + static_cast<std::ptrdiff_t>(i));
        } else {
            ++i;
        }
    // Lateness and losses only ever raise the level, so it is the lowest one that three windows in a row agree on.
    double lowest = levels.front();
    for (std::size_t i = 0; i + 2 < levels.size(); ++i) {
        std::vector<double> three(levels.begin() + static_cast<std::ptrdiff_t>(i),
                                  levels.begin() + static_cast<std::ptrdiff_t>(i) + 3);
        const double m = median(three);
        lowest = i == 0 ? m : std::min(lowest, m);
    }
    double sum = 0;
    int near = 0;
    for (double level : levels)
        if (std::abs(level - lowest) <= threshold()) {
            sum += level;
            ++near;
        }
    anchor_x_ = 0;
    anchor_y_ = near > 0 ? sum / near : lowest;
}

// The line that the trusted stamps of the last seconds make: one slope, the level of the current segment.
StampSegmenter::Line StampSegmenter::expected() const {
    double sxx = 0, sxy = 0;
    LineFit run;
    std::int64_t segment = -1;
    for (const auto& cell : recent_) {
        if (cell.segment != segment) {
            sxx += run.sxx();
            sxy += run.sxy();
            run = {};
            segment = cell.segment;
        }
        run.merge(cell.stamps);
    }
    sxx += run.sxx();
    sxy += run.sxy();
    if (segment != segment_) run = {};

    // The slope known before counts as points do, but for no more than the first seconds could tell.
    const double known = std::min(sigma_ * sigma_ / (slope_error_ * slope_error_), most_known_slope_);
    Line line;
    line.slope = sxx + known > 0 ? (sxy + known * slope_) / (sxx + known) : slope_;
    line.slope = std::clamp(line.slope, -most_slope, most_slope);
    const auto n = static_cast<double>(run.count());
    const double weight = std::max(0.0, static_cast<double>(window_blocks()) - n);
    line.x = anchor_x_;
    line.y = anchor_y_;
    if (n > 0) {
        const double level = run.mean_y() + line.slope * (anchor_x_ - run.mean_x());
        line.y = (n * level + weight * anchor_y_) / (n + weight);
    }
    return line;
}

// How far the level must move, ns, to count as a move.
double StampSegmenter::threshold() const {
    if (sigma_ <= exact_sigma) return 0.25 * ms;
    return std::max(1.2 * sigma_, std::clamp(20 * sigma_, 0.5 * ms, 8 * ms));
}

// How far a trusted stamp may lie from the line, ns. Never below the threshold: a line that lags behind a drift must
// not lose sight of it.
double StampSegmenter::reach() const {
    return std::max(4 * sigma_, threshold());
}

std::size_t StampSegmenter::window_blocks() const {
    const double ratio = sigma_ / threshold();
    const auto most = std::max<std::size_t>(3, static_cast<std::size_t>(0.5 / std::max(block_seconds_, 1e-6)));
    return std::clamp<std::size_t>(static_cast<std::size_t>(std::ceil(24 * ratio * ratio)), 3, most);
}

// Medians of residuals_[from, to) in windows of `size`; a last shorter window only where there is no other.
std::vector<double> StampSegmenter::window_medians(std::size_t from, std::size_t to, std::size_t size) const {
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

// A step is a level that every window up to the end of the look-ahead keeps: lateness after a stall goes away again,
// lost samples never come back.
bool StampSegmenter::find_step(std::size_t in_cell, bool finishing, Step& step) const {
    const auto n = residuals_.size();
    const auto size = window_blocks();
    auto from = in_cell;
    bool flagged = false;
    for (std::size_t i = 0; i < std::min(n, in_cell + size); ++i) flagged |= pending_[i].xrun;
    if (finishing) {
        const double seconds = flagged ? 0.25 : 1.0;
        const auto wanted = sigma_ <= exact_sigma
                                ? std::size_t{2}
                                : std::max(size, static_cast<std::size_t>(seconds / std::max(block_seconds_, 1e-6)));
        if (n < wanted) return false;
        from = std::min(from, n - wanted);
    }
    if (from >= n) return false;
    const auto levels = window_medians(from, n, size);
    const double least = flagged ? 0.6 * threshold() : threshold();
    const auto [low, high] = std::minmax_element(levels.begin(), levels.end());
    const double nearest = *low > 0 ? *low : *high;
    if (*low <= least && *high >= -least) return false;

    double sum = 0;
    int count = 0;
    for (double level : levels) {
        const bool alike = std::abs(level - nearest) <= threshold();
        if (!alike && count > 0) break;
        if (alike) {
            sum += level;
            ++count;
        }
    }
    step.level = sum / count;
    step.block = locate(step.level, std::min(n, std::max(from, in_cell) + 2 * size));
    return step.block < in_cell;
}

// The first block of the new level, at the least cost over residuals_[0, to). A stamp may be late but hardly early.
std::size_t StampSegmenter::locate(double level, std::size_t to) const {
    const double bound = reach();
    const auto cost = [&](double r) {
        const double c = std::min(r * r, bound * bound) + 0.01 * bound * std::abs(r);
        return r < -bound ? 2 * c : c;
    };
    double after = 0;
    for (std::size_t i = 0; i < to; ++i) after += cost(residuals_[i] - level);
    double before = 0;
    double best = std::numeric_limits<double>::max();
    std::size_t at = to;
    for (std::size_t k = 0; k <= to; ++k) {
        const bool allowed = k == to || pending_[k].first > segment_first_;
        const double bonus = k < to && pending_[k].xrun ? bound * bound : 0;
        if (allowed && before + after - bonus < best) {
            best = before + after - bonus;
            at = k;
        }
        if (k == to) break;
        before += cost(residuals_[k]);
        after -= cost(residuals_[k] - level);
    }
    return at;
}

void StampSegmenter::decide(std::int64_t cell_end, bool finishing, std::vector<StampCell>& out) {
    for (;;) {
        const auto line = expected();
        slope_ = line.slope;
        const double horizon = static_cast<double>(cell_end - origin_sample_) / rate_ + look_ahead_;
        residuals_.clear();
        for (const auto& p : pending_) {
            if (p.x > horizon) break;
            residuals_.push_back(p.y - line.at(p.x));
        }
        std::size_t in_cell = 0;
        while (in_cell < residuals_.size() && pending_[in_cell].first < cell_end) ++in_cell;

        Step step;
        if (!find_step(in_cell, finishing, step)) {
            close_cell(line, in_cell, cell_end, out);
            return;
        }
        const auto at = pending_[step.block];
        close_cell(line, step.block, at.first, out);
        cell_start_ = step.level > 0 ? StampCell::Start::gap : StampCell::Start::setback;
        ++segment_;
        segment_first_ = at.first;
        anchor_x_ = at.x;
        anchor_y_ = line.at(at.x) + step.level;
    }
}

void StampSegmenter::close_cell(const Line& line, std::size_t blocks, std::int64_t end, std::vector<StampCell>& out) {
    StampCell cell;
    cell.first_sample = cell_first_;
    cell.end_sample = end;
    cell.start = cell_start_;
    cell.segment = segment_;
    cell.guess = line.at(static_cast<double>(cell_first_ - origin_sample_) / rate_);
    const double bound = reach();
    for (std::size_t i = 0; i < blocks; ++i) {
        if (std::abs(residuals_[i]) <= bound) cell.stamps.add(pending_[i].x, pending_[i].y);
        note_scatter(residuals_[i]);
    }
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(blocks));
    if (blocks > 0) sigma_ = sigma_per_median * median_of(scatter_);
    if (end <= cell_first_) return;
    cell_first_ = end;
    cell_start_ = StampCell::Start::joined;
    recent_.push_back(cell);
    const auto oldest = end - static_cast<std::int64_t>(memory_ * rate_);
    while (recent_.front().end_sample < oldest) recent_.pop_front();
    out.push_back(cell);
}

void StampSegmenter::note_scatter(double residual) {
    scatter_.push_back(std::abs(residual));
    if (scatter_.size() > scatter_blocks) scatter_.pop_front();
}

}  // namespace onetake
