#include "media/audio_clock.h"

#include "media/clock_slope.h"

#include <algorithm>
#include <cmath>

namespace onetake {

namespace {

constexpr double ppm = 1e3;  // as ns per s
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
// Longest lag after the detector's view, in blocks, if they are long.
constexpr double line_lag_blocks = 24;

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
        for (const auto& cell : fresh_) lines_.add(cell);
        fresh_.clear();
    }
    std::size_t taken = 0;
    do {
        if (taken < fresh_.size()) lines_.add(fresh_[taken++]);
        while (next_ < lines_.cells().size()) {
            const auto& cell = lines_.cells()[next_];
            const bool fresh_start = !last_y_ || cell.start == StampCell::Start::gap;
            const auto begin = fresh_start ? estimate(cell.first_sample, cell) : Estimate{};
            const auto end = estimate(cell.end_sample, cell);
            if (!finishing) {
                const double ahead = seconds(lines_.cells().back().end_sample) - seconds(cell.end_sample);
                const double known = ahead + gap_detector_.look_ahead();
                if (known < to_seconds(options_.least_lag)) break;
                const bool unsure =
                    std::max(begin.error, end.error) + lines_.spacing_of(cell) / 4 > to_seconds(options_.error) * 1e9;
                const bool more_to_come = lines_.cells().back().segment == cell.segment;
                if (unsure && more_to_come && known < most_lag(cell)) break;
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

// Seconds by which the line reaches to either side.
double AudioClock::reach_seconds() const {
    return std::max(to_seconds(options_.memory),
                    64 * std::min(gap_detector_.block_seconds(), GapDetector::long_block_seconds));
}

// The longest lag, s. The detector's view grows with long blocks, and as many blocks again are too few for a line.
double AudioClock::most_lag(const StampCell& cell) const {
    const double view = gap_detector_.look_ahead();
    const double usual = to_seconds(options_.most_lag) + view - GapDetector::look_ahead_seconds;
    const double block = std::min(gap_detector_.block_seconds(), GapDetector::long_block_seconds);
    const double spaced = cell.late && lines_.spacing_of(cell) > 0 ? spaced_lag_seconds : 0;
    return std::max({usual, view + line_lag_blocks * block, spaced});
}

void AudioClock::forget() {
    const double reach = reach_seconds();
    while (next_ > 1 &&
           seconds(lines_.cells()[next_ - 1].end_sample) - seconds(lines_.cells().front().end_sample) > reach) {
        lines_.drop_first();
        --next_;
    }
}

// The line through the stamps around an instant, over the widest window in which the clock's rate is constant.
AudioClock::Estimate AudioClock::estimate(std::int64_t sample, const StampCell& cell) {
    const double x = seconds(sample);
    const double farthest = reach_seconds();
    const double ahead = lines_.spacing_of(cell) > 0 ? spaced_lag_seconds : to_seconds(options_.most_lag);
    const double last = seconds(cell.end_sample) + std::max(farthest, ahead);
    by_window_.clear();
    auto widest = lines_.fit(x, cell, 2 * farthest, last);
    if (!widest.known) {
        widest.y = last_y_ && cell.start == StampCell::Start::joined ? *last_y_ : cell.guess;
        widest.y += widest.slope * (x - cell.first_x);
        return widest;
    }
    if (lines_.fit_grid(x, cell, widest)) return widest;
    const double narrowest = std::max(narrowest_seconds, 6 * gap_detector_.block_seconds());
    for (double reach = narrowest; reach < 0.7 * farthest; reach *= 2)
        by_window_.push_back(lines_.fit(x, cell, reach, last));
    by_window_.push_back(widest);
    return by_window_[choice_.choose(by_window_)];
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
    const double slower =
        std::clamp(shrunk_slope((sxy_ + segment_fit_.sxy()) / sxx, variance / sxx), -kMostSlope, kMostSlope) * 1e-9;
    return (1 / (1 + slower) - 1) * 1e6;
}

Duration AudioClock::residual_rms() const {
    if (stamps_ == 0) return {};
    return Duration(std::llround(std::sqrt(squares_ / static_cast<double>(stamps_))));
}

}  // namespace onetake
