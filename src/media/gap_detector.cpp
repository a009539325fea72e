#include "media/gap_detector.h"

#include "media/rate_hypothesis.h"

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
// 44.1 kHz labelled 48 kHz is 88,400 ppm.
constexpr double most_slope = 120'000 * ppm;
// Longest view while delivery has stalled, in seconds of stream.
constexpr double longest_view_seconds = 60;
// e^-14: once in a million.
constexpr double sure_logarithm = 14;
// Scatter is taken for symmetric again after this many such results in a row, 4 s apart.
constexpr int most_disagreements = 4;
// The spacing is dropped after more than this many measurements without one, 4 s apart.
constexpr int most_unseen = 6;
// The part of the view's length by which the stamps must have advanced.
constexpr double view_share = 0.85;
// A median deviation times this is the standard deviation of a normal distribution.
constexpr double sigma_per_median = 1.4826;
// With fewer blocks than this, the scatter is assumed.
constexpr std::size_t few_blocks = 6;
constexpr double unknown_sigma = 5 * ms;
// Upper limit of wander, as a stall in the first seconds may look like it.
constexpr double most_wander = 8 * ms;
// Stamps with less scatter than this were computed, not measured.
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

GapDetector::GapDetector(int label_rate, StampKind kind)
    : rate_(std::max(1, label_rate)), kind_(kind), hop_(std::max<std::int64_t>(1, label_rate / 2)) {}

void GapDetector::add(const AudioBlockStamp& block, std::vector<StampCell>& out) {
    if (block.frames <= 0 || (accepted_ > 0 && block.first_sample < end_sample_)) return;
    // Invalid lengths and gaps: no device delivers them, and processing time would grow with the length.
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
    const auto y = static_cast<double>((block.time - origin_time_ - label).count());
    const double length = static_cast<double>(block.frames) / rate_ * 1e9;
    const bool apart = accepted_ == 1 || y - last_y_ > -0.5 * length;
    const double between = y - last_y_ + length;  // from one stamp to the next
    const bool together = accepted_ > 1 && between >= 0 && between < 0.05 * length;
    last_y_ = y;
    if (!pending_.empty()) pending_.back().last = apart;
    pending_.push_back({block.first_sample, end_sample_, static_cast<double>(index) / rate_, y,
                        static_cast<double>(end_sample_ - origin_sample_) / rate_, block.xrun, block.late_only,
                        together, apart, true});

    const double ahead = static_cast<double>(end_sample_ - origin_sample_) / rate_;
    if (!begun_) {
        if (ahead < start_seconds || static_cast<double>(accepted_) < start_blocks) return;
        begin();
    }
    for (;;) {
        const auto cell_end = cell_first_ + hop_ - (cell_first_ - origin_sample_) % hop_;
        if (static_cast<double>(end_sample_ - (cell_first_ + hop_)) / rate_ < look_ahead_ || !view_complete(cell_end))
            break;
        decide(cell_end, false, out);
    }
}

// Blocks in a burst after a stall show nothing before the burst is over, so the stamps must advance, too, not only the
// samples.
bool GapDetector::view_complete(std::int64_t cell_end) const {
    return view_size(cell_end) < pending_.size() ||
           static_cast<double>(end_sample_ - cell_end) / rate_ >= std::max(longest_view_seconds, look_ahead_);
}

// The number of blocks in a cell's view: up to the first that is far enough ahead by sample and by stamp, or all.
std::size_t GapDetector::view_size(std::int64_t cell_end) const {
    const double end = static_cast<double>(cell_end - origin_sample_) / rate_;
    const auto stamp_x = [](const Point& p) { return p.x + p.y * 1e-9; };
    const auto by_sample = [&](std::int64_t sample) {
        return std::lower_bound(pending_.begin(), pending_.end(), sample,
                                [](const Point& p, std::int64_t s) { return p.first < s; });
    };
    auto last = by_sample(cell_end);
    if (last != pending_.begin()) --last;
    const double enough = stamp_x(*last) + view_share * look_ahead_;
    auto i = by_sample(cell_end + static_cast<std::int64_t>(look_ahead_ * rate_));
    while (i != pending_.end() && stamp_x(*i) < enough && i->x < end + longest_view_seconds) ++i;
    return static_cast<std::size_t>(i - pending_.begin());
}

void GapDetector::finish(std::vector<StampCell>& out) {
    if (pending_.empty()) return;
    if (!begun_) begin();
    while (cell_first_ < end_sample_)
        decide(std::min(end_sample_, cell_first_ + hop_ - (cell_first_ - origin_sample_) % hop_), true, out);
}

// Estimates slope, level and scatter from the first seconds, robustly.
void GapDetector::begin() {
    begun_ = true;
    const auto n = pending_.size();
    block_seconds_ = static_cast<double>(end_sample_ - origin_sample_) / rate_ / static_cast<double>(n);
    look_ahead_ = std::max(look_ahead_seconds, 12 * block_seconds_);
    memory_ = std::max(memory_seconds, 24 * std::min(block_seconds_, long_block_seconds));
    const double span = pending_.back().x - pending_.front().x;
    slope_weight_limit_ = static_cast<double>(n) * span * span / 12;

    std::vector<double> xs, ys;
    for (const auto& p : pending_) {
        xs.push_back(p.x);
        ys.push_back(p.y);
    }
    begin_slope(xs, ys, n / 4);
    begin_lateness();
    if (late_) {
        // The same again, with the least late of every 16 blocks.
        constexpr std::size_t together = 16;
        if (n >= 6 * together) {
            for (int pass = 0; pass < 2; ++pass) {
                xs.clear();
                ys.clear();
                for (std::size_t i = 0; i + together <= n; i += together) {
                    const Point* least = nullptr;
                    for (std::size_t k = i; k < i + together; ++k)
                        if (const auto& p = pending_[k];
                            !least || p.y - slope_ * p.end_x < least->y - slope_ * least->end_x)
                            least = &p;
                    xs.push_back(least->end_x);
                    ys.push_back(least->y);
                }
                begin_slope(xs, ys, xs.size() / 2);
            }
            begin_lateness();
        }
    }
    take_residuals({0, 0, slope_}, n);
    early_limit_ = -std::numeric_limits<double>::max();
    if (late_) keep_least_late();
    begin_level();
}

void GapDetector::begin_lateness() {
    lateness_ =
        StampLateness(std::max<std::size_t>(24, static_cast<std::size_t>(0.5 / std::max(block_seconds_, 1e-6))));
    for (const auto& p : pending_) lateness_.add(p.y - slope_ * p.x, p.late_only, p.together, p.last);
    decide_kind();
}

// Median of the slopes between points some distance apart. Losses and stalls affect only the pairs across them, fewer
// for short distances; scatter needs long ones. Uses the shortest distance with a small enough error.
void GapDetector::begin_slope(const std::vector<double>& xs, const std::vector<double>& ys, std::size_t farthest) {
    slope_ = 0;
    slope_error_ = 1000 * ppm;
    double best = std::numeric_limits<double>::max();
    std::vector<double> slopes;
    for (std::size_t apart = 1; apart <= farthest; apart *= 2) {
        slopes.clear();
        for (std::size_t i = 0; i + apart < xs.size(); ++i)
            slopes.push_back((ys[i + apart] - ys[i]) / (xs[i + apart] - xs[i]));
        if (slopes.size() < 5) break;
        const double middle = median(slopes);
        for (double& s : slopes) s = std::abs(s - middle);
        const double error = 1.8 * sigma_per_median * median(slopes) / std::sqrt(static_cast<double>(slopes.size()));
        if (error >= best) continue;
        best = error;
        // Shrunk towards the label rate by its variance.
        const double spread = std::max(300 * ppm * 300 * ppm, middle * middle - 9 * error * error);
        slope_ = middle * spread / (spread + error * error);
        slope_error_ = std::clamp(error, ppm, 1000 * ppm);
        if (error < 20 * ppm) break;
    }
    if (std::abs(slope_) > most_slope) slope_ = 0;
}

// Decides whether stamps can only be late, and measures the spacing of their lateness.
void GapDetector::decide_kind() {
    undecided_ = 0;
    if (kind_ == StampKind::automatic) {
        double sure = 0;
        const double skew = lateness_.skew(sure);
        const bool seen = skew > (late_ ? 0.5 : 1.0) * std::max(0.2, sure);
        // The first seconds are decided by one measurement; later a change needs two or more.
        disagreements_ = late_ != seen ? disagreements_ + 1 : 0;
        const bool enough = !begun_level_ || disagreements_ >= (late_ ? most_disagreements : 2);
        late_ = lateness_.known_late() || (enough ? seen : late_);
    } else {
        late_ = kind_ == StampKind::arrival;
    }
    if (late_) lateness_scale_ = lateness_.scale();
    // A grid's spacing may not be measurable while its phase shifts.
    const double spacing = late_ ? lateness_.spacing(block_seconds_ * 1e9) : 0;
    unseen_ = spacing > 0 ? 0 : unseen_ + 1;
    if (spacing > 0 || !late_ || unseen_ > most_unseen) spacing_ = spacing;
}

void GapDetector::take_residuals(const Line& line, std::size_t count) {
    distances_.clear();
    for (std::size_t i = 0; i < count; ++i) distances_.push_back(pending_[i].y - line.at(x_of(pending_[i])));
    residuals_ = distances_;
}

// For late stamps, replaces each distance by the least of it and all later ones, as lost audio only raises the level.
// A few stamps below the line are errors.
void GapDetector::keep_least_late() {
    const auto n = distances_.size();
    early_limit_ = -std::numeric_limits<double>::max();
    const double bound = begun_level_ ? -reach() : early_limit_;
    // Stamps that stay early are so in the view's second half, too.
    const auto early = std::count_if(distances_.begin() + static_cast<std::ptrdiff_t>(n / 2), distances_.end(),
                                     [&](double d) { return d < bound; });
    if (early <= std::max<std::ptrdiff_t>(1, static_cast<std::ptrdiff_t>(n / 100))) early_limit_ = bound;
    double least = std::numeric_limits<double>::max();
    for (std::size_t i = n; i-- > 0;) {
        if (distances_[i] >= early_limit_) least = std::min(least, distances_[i]);
        residuals_[i] = least == std::numeric_limits<double>::max() ? 0 : least;
    }
}

// The level at the start, and how widely stamps scatter about it.
void GapDetector::begin_level() {
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
    // Slow wander makes distant windows differ by more. It goes down as often as up, losses go up only: so the lower
    // quartile measures it.
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

    // Windows of wildly scattered first stamps are ignored.
    for (std::size_t i = 0; i < levels.size() && levels.size() > 3;)
        if (widths[i] > 3 * sigma_ + 0.5 * ms) {
            levels.erase(levels.begin() + static_cast<std::ptrdiff_t>(i));
            widths.erase(widths.begin() + static_cast<std::ptrdiff_t>(i));
        } else {
            ++i;
        }
    // Lateness and losses only raise the level, so it is the lowest one on which three windows in a row agree.
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
    begun_level_ = true;
}

// The line through the trusted stamps of the last seconds: one slope, the level of the current segment.
GapDetector::Line GapDetector::expected() {
    double sxx = 0, sxy = 0;
    LinearRegression run;
    std::int64_t segment = -1;
    const auto close = [&] {
        sxx += run.sxx();
        sxy += run.sxy();
        run = {};
    };
    envelope_.clear();
    std::size_t runs = 0;
    for (const auto& cell : recent_) {
        if (cell.segment != segment) {
            close();
            segment = cell.segment;
            envelope_.new_run();
            ++runs;
        }
        if (!late_) {
            run.merge(cell.stamps);
        } else if (cell.edge.known) {
            run.add(cell.edge.x, cell.edge.y);
            envelope_.add(cell.edge.x, cell.edge.y);
        }
    }
    const auto own = segment == segment_ ? run : LinearRegression{};
    close();
    if (late_) sxy = sxx * envelope_.slope();

    // The previous slope is weighted by its error, at most as the first seconds' points.
    const double known = std::min(sigma_ * sigma_ / (slope_error_ * slope_error_), slope_weight_limit_);
    Line line;
    line.slope = sxx + known > 0 ? (sxy + known * slope_) / (sxx + known) : slope_;
    line.slope = std::clamp(line.slope, -most_slope, most_slope);
    const auto n = static_cast<double>(own.count());
    line.x = anchor_x_;
    line.y = anchor_y_;
    if (n > 0 && late_) {
        line.y = envelope_.level(runs - 1, line.slope) + line.slope * anchor_x_;
    } else if (n > 0) {
        const double weight = std::max(0.0, static_cast<double>(window_blocks()) - n);
        const double level = own.mean_y() + line.slope * (anchor_x_ - own.mean_x());
        line.y = (n * level + weight * anchor_y_) / (n + weight);
    }
    return line;
}

// The smallest change of level, ns, that counts as a step.
double GapDetector::threshold() const {
    const double least = sigma_ <= exact_sigma ? 0.25 * ms : std::clamp(20 * sigma_, 0.5 * ms, 8 * ms);
    return std::max({least, 1.2 * sigma_, 1.2 * spacing_});
}

// Whether it is improbable that blocks [from, to) are all this late by chance, given the recent stamps and the view.
bool GapDetector::surely_late(double lateness, std::size_t from, std::size_t to, bool flagged) const {
    if (!late_) return true;
    double later = static_cast<double>(lateness_.later_than(lateness)), seen = static_cast<double>(lateness_.seen());
    double later_here = 0, seen_here = 0;
    for (auto i = from; i < distances_.size(); ++i) {
        if (!pending_[i].last) continue;
        ++seen_here;
        later_here += distances_[i] - residuals_[i] > lateness ? 1 : 0;
    }
    const double share = std::max((later + 1) / (seen + 2), seen_here > 16 ? later_here / seen_here : 0);
    const double wanted = flagged ? sure_logarithm / 2 : sure_logarithm;
    return static_cast<double>(shown(from, to)) * -std::log(std::min(share, 0.999)) > wanted;
}

// How many of these blocks show the delivery's lateness (see Point::last).
std::size_t GapDetector::shown(std::size_t from, std::size_t to) const {
    std::size_t count = 0;
    for (auto i = from; i < to; ++i) count += pending_[i].last ? 1 : 0;
    return count;
}

// How far a trusted stamp may lie from the line, ns. At least the threshold, so that a line that lags
// behind a drift still follows it.
double GapDetector::reach() const {
    return std::max(4 * sigma_, threshold());
}

std::size_t GapDetector::window_blocks() const {
    const double ratio = sigma_ / threshold();
    const auto most = std::max<std::size_t>(3, static_cast<std::size_t>(0.5 / std::max(block_seconds_, 1e-6)));
    return std::clamp<std::size_t>(static_cast<std::size_t>(std::ceil(24 * ratio * ratio)), 3, most);
}

// Medians of residuals_[from, to) in windows of `size`; a shorter last window only if it is the only one.
std::vector<double> GapDetector::window_medians(std::size_t from, std::size_t to, std::size_t size) const {
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

// A step is a level that all windows up to the end of the look-ahead keep: lateness after a stall ends, lost samples
// stay lost.
bool GapDetector::find_step(std::size_t in_cell, bool finishing, Step& step) const {
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
    // For late stamps, a lower level means that all were late so far; the lower envelope follows without a step.
    if (late_ && *low <= least && *high >= -std::max(least, block_seconds_ * 1e9)) return false;
    const double nearest = *low > 0 ? *low : *high;
    if (*low <= least && *high >= -least) return false;

    if (*low > least && !surely_late(*low, from, n, flagged)) return false;

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
    if (late_ && *low > 0) {
        step.level = *low;
        step.block = locate_least_late(least, n, step.level);
        // Fewer blocks than this before the step make no level.
        constexpr std::size_t level_blocks = 3;
        const bool begun = pending_.front().first > segment_first_ ||
                           (step.block >= level_blocks && pending_[step.block - level_blocks].first >= segment_first_);
        return begun && step.block < in_cell;
    }
    step.block = locate(step.level, std::min(n, std::max(from, in_cell) + 2 * size));
    return step.block < in_cell;
}

// The first block of the new level, for late stamps. Late stamps just before the loss look like a smaller loss or like
// blocks after it; a flag of the device decides.
std::size_t GapDetector::locate_least_late(double least, std::size_t to, double& level) const {
    const double slack = 0.3 * std::min(least, 3 * threshold());
    std::size_t at = 0;
    for (;;) {
        while (at < to && (residuals_[at] < least || pending_[at].first <= segment_first_)) ++at;
        auto end = at;
        while (end < to && residuals_[end] < residuals_[at] + threshold()) ++end;
        if (end == to) break;
        if (surely_late(residuals_[at], at, end, pending_[at].xrun)) {
            level = residuals_[at];
            break;
        }
        at = end;
    }
    const double reached = std::min(level, at < to ? residuals_[at] : level) - slack;
    while (at > 0 && residuals_[at - 1] >= reached && pending_[at - 1].first > segment_first_) --at;
    for (std::size_t i = at; i < to && distances_[i] >= reached; ++i)
        if (pending_[i].xrun) return i;
    return at;
}

// The first block of the new level, by least cost over residuals_[0, to). Early stamps cost more than late ones.
std::size_t GapDetector::locate(double level, std::size_t to) const {
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

// Whether the stamps after the step lie on a line of another slope that begins at the expected line; if so, adopts it.
bool GapDetector::find_bend(const Line& line, const Step& step) {
    const auto n = residuals_.size();
    const auto size = window_blocks();
    // Too few blocks follow the last ones of the view for a least late one.
    const auto last = late_ ? n - std::min(n, n / 4) : n;
    std::vector<double> xs, levels;
    for (std::size_t i = step.block; i + size <= last; i += size) {
        std::vector<double> window(residuals_.begin() + static_cast<std::ptrdiff_t>(i),
                                   residuals_.begin() + static_cast<std::ptrdiff_t>(i + size));
        levels.push_back(median(window));
        xs.push_back(x_of(pending_[i + size / 2]));
    }
    for (std::size_t i = step.block; i < std::min(n, step.block + size); ++i)
        if (pending_[i].xrun) return false;
    const auto turned = RateHypothesis::test(xs, levels);
    if (!turned.holds) return false;
    slope_ = std::clamp(line.slope + turned.slope, -most_slope, most_slope);
    slope_error_ = std::clamp(0.2 * std::abs(turned.slope), ppm, 1000 * ppm);
    anchor_x_ = turned.middle;
    anchor_y_ = line.at(turned.middle) + turned.level;
    recent_.clear();
    return true;
}

void GapDetector::decide(std::int64_t cell_end, bool finishing, std::vector<StampCell>& out) {
    bool bent = false;
    for (;;) {
        const auto line = expected();
        if (!bent) slope_ = line.slope;
        take_residuals(line, std::min(pending_.size(), view_size(cell_end) + 1));
        early_limit_ = -reach();
        if (late_) keep_least_late();
        std::size_t in_cell = 0;
        while (in_cell < residuals_.size() && pending_[in_cell].first < cell_end) ++in_cell;

        Step step;
        if (!find_step(in_cell, finishing, step)) {
            close_cell(line, in_cell, cell_end, out);
            return;
        }
        if (!bent && find_bend(line, step)) {
            bent = true;
            continue;
        }
        const auto at = pending_[step.block];
        close_cell(line, step.block, at.first, out);
        cell_start_ = step.level > 0 ? StampCell::Start::gap : StampCell::Start::setback;
        ++segment_;
        segment_first_ = at.first;
        anchor_x_ = x_of(at);
        anchor_y_ = line.at(x_of(at)) + step.level;
    }
}

void GapDetector::close_cell(const Line& line, std::size_t blocks, std::int64_t end, std::vector<StampCell>& out) {
    StampCell cell;
    cell.first_sample = cell_first_;
    cell.end_sample = end;
    cell.start = cell_start_;
    cell.segment = segment_;
    cell.late = late_;
    cell.spacing = spacing_;
    cell.guess = line.at(static_cast<double>(cell_first_ - origin_sample_) / rate_);
    const double bound = reach();
    find_edge(cell, blocks);
    for (std::size_t i = 0; i < blocks; ++i) {
        if (std::abs(residuals_[i]) <= bound) cell.stamps.add(pending_[i].x, pending_[i].y);
        note_scatter(residuals_[i]);
        lateness_.add(distances_[i], pending_[i].late_only, pending_[i].together, pending_[i].last);
    }
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(blocks));
    if (blocks > 0) sigma_ = sigma_per_median * median_of(scatter_);
    if (++undecided_ >= 8) decide_kind();
    if (end <= cell_first_) return;
    cell_first_ = end;
    cell_start_ = StampCell::Start::joined;
    recent_.push_back(cell);
    const auto oldest = end - static_cast<std::int64_t>(memory_ * rate_);
    while (recent_.front().end_sample < oldest) recent_.pop_front();
    out.push_back(cell);
}

// The least late of the cell's stamps, in both modes, as the mode may change.
void GapDetector::find_edge(StampCell& cell, std::size_t blocks) const {
    double least = std::numeric_limits<double>::max();
    for (std::size_t i = 0; i < blocks; ++i) {
        const double distance = distances_[i];
        // A cell whose blocks are all later than the following ones has no edge.
        if (distance < early_limit_ || distance >= least || (late_ && distance > residuals_[i] + reach())) continue;
        least = distance;
        cell.edge = {pending_[i].end_x, pending_[i].y,
                     lateness_scale_ / static_cast<double>(std::max<std::size_t>(1, shown(0, blocks))), true};
    }
}

void GapDetector::note_scatter(double residual) {
    scatter_.push_back(std::abs(residual));
    if (scatter_.size() > scatter_blocks) scatter_.pop_front();
}

}  // namespace onetake
