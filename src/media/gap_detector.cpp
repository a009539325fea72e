#include "media/gap_detector.h"

#include "media/clock_slope.h"
#include "media/first_line.h"
#include "media/step_search.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace onetake {

namespace {

constexpr double ppm = 1e3;  // as ns per s

constexpr double start_seconds = 10;
constexpr double memory_seconds = 20;
constexpr double start_blocks = 12;
constexpr double longest_block_seconds = 4 * 3600;
// Scatter is taken for symmetric again after this many such results in a row, 4 s apart.
constexpr int most_disagreements = 4;
// The spacing is dropped after more than this many measurements without one, 4 s apart.
constexpr int most_unseen = 6;
// Cells have one of these blocks at most, s: its lateness shows only beside that of many others.
constexpr double few_blocks_seconds = 0.5;
// A stamp that is later than the least late one by more than this many times its usual lateness was held up.
constexpr double most_spreads = 7;

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
    view_.append({block.first_sample, end_sample_, static_cast<double>(index) / rate_, y,
                  static_cast<double>(end_sample_ - origin_sample_) / rate_, block.xrun, block.late_only, together},
                 apart);

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

bool GapDetector::view_complete(std::int64_t cell_end) const {
    return view_size(cell_end) < view_.size() ||
           static_cast<double>(end_sample_ - cell_end) / rate_ >= std::max(StampView::kLongestSeconds, look_ahead_);
}

std::size_t GapDetector::view_size(std::int64_t cell_end) const {
    return view_.reaching(cell_end, static_cast<double>(cell_end - origin_sample_) / rate_,
                          static_cast<std::int64_t>(look_ahead_ * rate_), look_ahead_);
}

void GapDetector::finish(std::vector<StampCell>& out) {
    if (view_.empty()) return;
    if (!begun_) begin();
    while (cell_first_ < end_sample_)
        decide(std::min(end_sample_, cell_first_ + hop_ - (cell_first_ - origin_sample_) % hop_), true, out);
}

// Estimates slope, level and scatter from the first seconds, robustly.
void GapDetector::begin() {
    begun_ = true;
    const auto n = view_.size();
    block_seconds_ = static_cast<double>(end_sample_ - origin_sample_) / rate_ / static_cast<double>(n);
    scatter_.set_block_seconds(block_seconds_);
    look_ahead_ = std::max(look_ahead_seconds, 12 * block_seconds_);
    memory_ = std::max(memory_seconds, 24 * std::min(block_seconds_, long_block_seconds));
    const double span = view_.back().x - view_.front().x;
    slope_weight_limit_ = static_cast<double>(n) * span * span / 12;

    std::vector<double> xs, ys;
    for (const auto& b : view_) {
        xs.push_back(b.x);
        ys.push_back(b.y);
    }
    auto first = FirstSlope::through(xs, ys, n / 4);
    begin_lateness(first.slope);
    if (late_ && first.refine_below(view_)) begin_lateness(first.slope);
    slope_ = first.slope;
    slope_error_ = first.error;
    view_.measure({0, 0, slope_}, late_, n);
    if (late_) view_.keep_least_late(-std::numeric_limits<double>::max());
    anchor_x_ = 0;
    anchor_y_ = measure_first_level(view_, scatter_);
    begun_level_ = true;
}

void GapDetector::begin_lateness(double slope) {
    lateness_ =
        StampLateness(std::max<std::size_t>(24, static_cast<std::size_t>(0.5 / std::max(block_seconds_, 1e-6))));
    for (const auto& p : view_) lateness_.add(p.y - slope * p.x, p.y, p.late_only, p.together, p.last);
    decide_kind();
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
    scatter_.set_least_sigma(late_ && few_blocks() ? lateness_scale_ * block_seconds_ / look_ahead_ : 0);
    // A grid's spacing may not be measurable while its phase shifts.
    const double spacing = late_ ? lateness_.spacing(block_seconds_ * 1e9) : 0;
    unseen_ = spacing > 0 ? 0 : unseen_ + 1;
    if (spacing > 0 || !late_ || unseen_ > most_unseen) scatter_.set_spacing(spacing);
}

bool GapDetector::few_blocks() const {
    return block_seconds_ > few_blocks_seconds;
}

// The line through the trusted stamps of the last seconds: one slope, the level of the current segment.
StampLine GapDetector::expected() {
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
    const double error = std::max(scatter_.sigma(), scatter_.spacing()) / slope_error_;
    const double known = std::min(error * error, slope_weight_limit_);
    StampLine line;
    line.slope = sxx + known > 0 ? (sxy + known * slope_) / (sxx + known) : slope_;
    line.slope = std::clamp(line.slope, -kMostSlope, kMostSlope);
    const auto n = static_cast<double>(own.count());
    line.x = anchor_x_;
    line.y = anchor_y_;
    if (n > 0 && late_) {
        line.y = envelope_.level(runs - 1, line.slope) + line.slope * anchor_x_;
    } else if (n > 0) {
        const double weight = std::max(0.0, static_cast<double>(scatter_.window_blocks()) - n);
        const double level = own.mean_y() + line.slope * (anchor_x_ - own.mean_x());
        line.y = (n * level + weight * anchor_y_) / (n + weight);
    }
    return line;
}

void GapDetector::decide(std::int64_t cell_end, bool finishing, std::vector<StampCell>& out) {
    bool bent = false;
    for (;;) {
        const auto line = expected();
        if (!bent) slope_ = line.slope;
        view_.measure(line, late_, std::min(view_.size(), view_size(cell_end) + 1));
        early_limit_ = late_ ? view_.keep_least_late(-scatter_.reach()) : -scatter_.reach();
        std::size_t in_cell = 0;
        while (in_cell < view_.residuals().size() && view_[in_cell].first < cell_end) ++in_cell;

        const StepSearch search(view_, scatter_, lateness_, segment_first_, block_seconds_, late_);
        StepSearch::Step step;
        if (!search.find(in_cell, finishing, step)) {
            close_cell(line, in_cell, cell_end, out);
            return;
        }
        if (!bent) {
            if (const auto turned = search.bend(step); turned.holds) {
                adopt(line, turned);
                bent = true;
                continue;
            }
        }
        const auto at_sample = view_[step.block].first;
        const double at = view_.x_of(step.block);
        close_cell(line, step.block, at_sample, out);
        cell_start_ = step.level > 0 ? StampCell::Start::gap : StampCell::Start::setback;
        ++segment_;
        steps_ += step.level;
        segment_first_ = at_sample;
        anchor_x_ = at;
        anchor_y_ = line.at(at) + step.level;
    }
}

// Bends the expected line: from here on, the clock has another rate.
void GapDetector::adopt(const StampLine& line, const RateHypothesis& turned) {
    slope_ = std::clamp(line.slope + turned.slope, -kMostSlope, kMostSlope);
    slope_error_ = std::clamp(0.2 * std::abs(turned.slope), ppm, 1000 * ppm);
    anchor_x_ = turned.middle;
    anchor_y_ = line.at(turned.middle) + turned.level;
    recent_.clear();
}

void GapDetector::close_cell(const StampLine& line, std::size_t blocks, std::int64_t end, std::vector<StampCell>& out) {
    StampCell cell;
    cell.first_sample = cell_first_;
    cell.end_sample = end;
    cell.start = cell_start_;
    cell.segment = segment_;
    cell.late = late_;
    cell.spacing = scatter_.spacing();
    cell.first_x = static_cast<double>(cell_first_ - origin_sample_) / rate_;
    cell.end_x = static_cast<double>(end - origin_sample_) / rate_;
    cell.guess = line.at(cell.first_x);
    cell.slope = line.slope;
    const auto &distances = view_.distances(), &residuals = view_.residuals();
    const double bound = scatter_.reach();
    find_edge(cell, blocks);
    for (std::size_t i = 0; i < blocks; ++i) {
        if (std::abs(residuals[i]) <= bound) cell.stamps.add(view_[i].x, view_[i].y);
        scatter_.add(residuals[i]);
        lateness_.add(distances[i], view_[i].y - steps_, view_[i].late_only, view_[i].together, view_[i].last);
    }
    view_.drop(blocks);
    if (blocks > 0) scatter_.measure();
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
    const auto &distances = view_.distances(), &residuals = view_.residuals();
    double least = std::numeric_limits<double>::max();
    const double spread = lateness_scale_ / static_cast<double>(std::max<std::size_t>(1, view_.shown(0, blocks)));
    // A cell's only block is usually late; that is no reason to ignore it.
    const double most = few_blocks() ? std::max(scatter_.reach(), most_spreads * spread) : scatter_.reach();
    for (std::size_t i = 0; i < blocks; ++i) {
        const double distance = distances[i];
        // A cell whose blocks are all later than the following ones has no edge.
        if (distance < early_limit_ || distance >= least || (late_ && distance > residuals[i] + most)) continue;
        least = distance;
        cell.edge = {view_[i].end_x, view_[i].y, spread, true};
    }
}

}  // namespace onetake
