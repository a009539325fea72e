#include "media/audio_clock.h"

#include <algorithm>
#include <cmath>

namespace onetake {

namespace {

constexpr double ppm = 1e3;  // as ns per s
constexpr double most_slope = 120'000 * ppm;
// Spread of clocks' rates about their labels.
constexpr double likely_slope = 300 * ppm;
// How much a span's rate may differ from the line's to return to it: inaudible, and time never goes back.
constexpr double most_slew = 20'000 * ppm;
constexpr std::size_t listed_gaps = 1000;
// Scatter assumed while there are too few stamps to measure it, ns.
constexpr double unknown_sigma = 5e6;
// Smaller gaps are within the uncertainty, not lost audio, ns.
constexpr double least_gap = 50e3;
// The narrowest window for the line, s to either side; each further one is twice as wide.
constexpr double narrowest_seconds = 4;
// Longest lag while lateness takes only a few values, s.
constexpr double spaced_lag_seconds = 128;

// The slope, shrunk towards the label rate by its variance.
double shrunk(double slope, double variance) {
    const double spread = std::max(likely_slope * likely_slope, slope * slope - 9 * variance);
    return std::clamp(slope * spread / (spread + variance), -most_slope, most_slope);
}

// Relative position of x between two instants: 0 in the middle, 1 at either end or beyond.
double edge_of(double x, double first, double last) {
    const double half = (last - first) / 2;
    return half > 0 ? std::min(1.0, std::abs(x - first - half) / half) : 1;
}

}  // namespace

AudioClock::AudioClock(int label_rate, AudioClockOptions options)
    : rate_(std::max(1, label_rate)), options_(options), gap_detector_(label_rate, options.stamps) {}

void AudioClock::add(const AudioBlockStamp& block, std::vector<AudioSpan>& out) {
    gap_detector_.add(block, fresh_);
    if (!fresh_.empty()) settle(false, out);
}

void AudioClock::finish(std::vector<AudioSpan>& out) {
    gap_detector_.finish(fresh_);
    settle(true, out);
}

// Cells are processed one by one, so that the result does not depend on how many arrive at once.
void AudioClock::settle(bool finishing, std::vector<AudioSpan>& out) {
    if (finishing) {
        for (const auto& cell : fresh_) keep(cell);
        fresh_.clear();
    }
    std::size_t taken = 0;
    do {
        if (taken < fresh_.size()) keep(fresh_[taken++]);
        while (next_ < cells_.size()) {
            const auto& cell = cells_[next_];
            const bool fresh_start = !last_y_ || cell.start == StampCell::Start::gap;
            const auto begin = fresh_start ? estimate(cell.first_sample, cell) : Estimate{};
            const auto end = estimate(cell.end_sample, cell);
            if (!finishing) {
                const double ahead = seconds(cells_.back().end_sample) - seconds(cell.end_sample);
                const double known = ahead + gap_detector_.look_ahead();
                if (known < to_seconds(options_.least_lag)) break;
                const bool unsure =
                    std::max(begin.error, end.error) + spacing_of(cell) / 4 > to_seconds(options_.error) * 1e9;
                const bool more_to_come = cells_.back().segment == cell.segment;
                const double most =
                    cell.late && spacing_of(cell) > 0 ? spaced_lag_seconds : to_seconds(options_.most_lag);
                if (unsure && more_to_come && known < most) break;
            }
            const double length = seconds(cell.end_sample) - seconds(cell.first_sample);
            double from = last_y_ ? *last_y_ : begin.y;
            const auto before = last_y_ ? last_end_ : host_time(cell.first_sample, from);
            AudioSpan span;
            span.first_sample = cell.first_sample;
            span.frames = cell.end_sample - cell.first_sample;
            if (last_y_ && fresh_start && begin.y > from + least_gap) {
                from = begin.y;
                span.after_gap = true;
            }
            const double to =
                std::clamp(end.y, from + (end.slope - most_slew) * length, from + (end.slope + most_slew) * length);
            span.begin = span.after_gap ? host_time(cell.first_sample, from) : before;
            span.end = host_time(cell.end_sample, to);
            if (span.after_gap) {
                ++gap_count_;
                gap_total_ += span.begin - before;
                if (gaps_.size() < listed_gaps) gaps_.push_back({cell.first_sample, before, span.begin - before});
            }
            out.push_back(span);
            choice_.note(by_window_);
            count(cell, from, to);
            last_y_ = to;
            last_end_ = span.end;
            ++next_;
            forget();
        }
    } while (taken < fresh_.size());
    fresh_.clear();
}

void AudioClock::keep(const StampCell& cell) {
    cells_.push_back(cell);
    grid_.add(cell);
}

// Seconds by which the line reaches to either side.
double AudioClock::reach_seconds() const {
    return std::max(to_seconds(options_.memory),
                    64 * std::min(gap_detector_.block_seconds(), GapDetector::long_block_seconds));
}

void AudioClock::forget() {
    const double reach = reach_seconds();
    while (next_ > 1 && seconds(cells_[next_ - 1].end_sample) - seconds(cells_.front().end_sample) > reach) {
        cells_.pop_front();
        --next_;
    }
}

// The line through the stamps around an instant, over the widest window in which the clock's rate is constant.
AudioClock::Estimate AudioClock::estimate(std::int64_t sample, const StampCell& cell) {
    const double x = seconds(sample);
    const double farthest = reach_seconds();
    const double ahead = spacing_of(cell) > 0 ? spaced_lag_seconds : to_seconds(options_.most_lag);
    const double last = seconds(cell.end_sample) + std::max(farthest, ahead);
    by_window_.clear();
    Estimate widest;
    const bool known = cell.late ? line_of_edge(x, cell, window(x, 2 * farthest, last), widest)
                                 : line_of_mean(x, cell, window(x, 2 * farthest, last), widest);
    if (!known) {
        widest.y = last_y_ && cell.start == StampCell::Start::joined ? *last_y_ : cell.guess;
        widest.y += widest.slope * (x - seconds(cell.first_sample));
        return widest;
    }
    if (const double spacing = spacing_of(cell); cell.late && spacing > 0) {
        if (const auto line = grid_.through(x, cell.segment, spacing)) {
            widest.y = line->y;
            widest.slope = line->slope;
            return widest;
        }
    }
    const double narrowest = std::max(narrowest_seconds, 6 * gap_detector_.block_seconds());
    for (double reach = narrowest; reach < 0.7 * farthest; reach *= 2) {
        const auto w = window(x, reach, last);
        Estimate e;
        if (cell.late ? line_of_edge(x, cell, w, e) : line_of_mean(x, cell, w, e))
            by_window_.push_back(e);
        else
            by_window_.push_back({});
    }
    by_window_.push_back(widest);
    return by_window_[choice_.choose(by_window_)];
}

// Half the range of levels that a line of this slope may have below `highest`: while lateness takes few values, no
// stamp is later than one spacing above it, except after a stall.
double AudioClock::uncertainty(const StampCell& cell, Window window, double slope, double highest) const {
    const double spacing = spacing_of(cell);
    double most = 0;
    for (auto i = window.first; i < window.last; ++i) {
        const auto& c = cells_[i];
        if (c.segment != cell.segment || !c.edge.known) continue;
        const double excess = c.edge.y - slope * c.edge.x - highest;
        if (excess < 1.2 * spacing) most = std::max(most, excess);
    }
    return std::max(0.0, spacing - most) / 2;
}

// The largest known distance between the values that lateness takes, ns.
double AudioClock::spacing_of(const StampCell& cell) const {
    return std::max(cell.spacing, cells_.back().spacing);
}

AudioClock::Window AudioClock::window(double x, double reach, double last) const {
    const auto from = [&](double at) {
        const auto it = std::partition_point(cells_.begin(), cells_.end(),
                                             [&](const StampCell& c) { return seconds(c.first_sample) <= at; });
        return static_cast<std::size_t>(it - cells_.begin());
    };
    const auto first = from(x - reach);
    return {first > 0 ? first - 1 : 0, from(std::min(last, x + reach))};
}

// Least squares over the window's trusted stamps: one slope, a level for each segment.
bool AudioClock::line_of_mean(double x, const StampCell& cell, Window window, Estimate& e) const {
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
    const double slope_variance = sxx > 0 ? variance / sxx : likely_slope * likely_slope;
    e.slope = sxx > 0 ? shrunk(sxy / sxx, variance / sxx) : 0;
    if (own.count() == 0) return false;
    const double away = x - own.mean_x();
    e.y = own.mean_y() + e.slope * away;
    e.error = std::sqrt(variance / static_cast<double>(own.count()) + away * away * slope_variance);
    e.edge = edge_of(x, own_first, own_last);
    e.stamps = static_cast<double>(stamps);
    e.known = true;
    return true;
}

// The lower envelope of the window's least late stamps: one slope, a level for each segment.
bool AudioClock::line_of_edge(double x, const StampCell& cell, Window window, Estimate& e) {
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
    if (count == 0) return false;
    // The minimum of n stamps has an error of 1/n, not 1/sqrt(n).
    const double variance = 4 * squares / (count * count);
    const double slope_variance = sxx > 0 ? variance / sxx : likely_slope * likely_slope;
    e.slope = sxx > 0 ? shrunk(envelope_.slope(), variance / sxx) : 0;
    if (own == 0) return false;
    const double own_level = envelope_.level(own_run - 1, e.slope);
    e.y = own_level + e.slope * x;
    const double away = x - own_x / own;
    e.error = std::sqrt(variance / own + away * away * slope_variance);
    e.edge = edge_of(x, own_first, own_last);
    if (spacing_of(cell) > 0) {
        e.above = e.below = uncertainty(cell, window, e.slope, own_level);
        e.y -= e.above;
    }
    e.stamps = count;
    e.known = true;
    return true;
}

double AudioClock::seconds(std::int64_t sample) const {
    return static_cast<double>(sample - gap_detector_.origin_sample()) / rate_;
}

HostTime AudioClock::host_time(std::int64_t sample, double y) const {
    const auto label = from_ticks(sample - gap_detector_.origin_sample(), static_cast<std::int64_t>(rate_));
    return gap_detector_.origin_time() + label + Duration(std::llround(y));
}

void AudioClock::count(const StampCell& cell, double begin, double end) {
    if (cell.segment != segment_) {
        sxx_ += segment_fit_.sxx();
        sxy_ += segment_fit_.sxy();
        segment_fit_ = {};
        segment_ = cell.segment;
    }
    segment_fit_.merge(cell.stamps);
    const double length = seconds(cell.end_sample) - seconds(cell.first_sample);
    const double slope = (end - begin) / length;
    squares_ += cell.stamps.squares_about(begin + slope * (cell.stamps.mean_x() - seconds(cell.first_sample)), slope);
    stamps_ += cell.stamps.count();
}

double AudioClock::drift_ppm() const {
    const double sxx = sxx_ + segment_fit_.sxx();
    if (sxx <= 0) return 0;
    double variance = unknown_sigma * unknown_sigma;
    if (stamps_ > 2)
        variance = squares_ / static_cast<double>(stamps_ - 2) * (1 + 4 / static_cast<double>(stamps_ - 2));
    const double slower = shrunk((sxy_ + segment_fit_.sxy()) / sxx, variance / sxx) * 1e-9;
    return (1 / (1 + slower) - 1) * 1e6;
}

Duration AudioClock::residual_rms() const {
    if (stamps_ == 0) return {};
    return Duration(std::llround(std::sqrt(squares_ / static_cast<double>(stamps_))));
}

}  // namespace onetake
