#pragma once

#include "base/time.h"
#include "media/linear_regression.h"
#include "media/lower_envelope.h"
#include "media/stamp_kind.h"
#include "media/stamp_lateness.h"

#include <cstdint>
#include <deque>
#include <vector>

namespace onetake {

/// One block of recorded audio: its position on disk, and its stamp.
struct AudioBlockStamp {
    std::int64_t first_sample = 0;  ///< index on disk; blocks follow each other
    std::int64_t frames = 0;        ///< samples per channel
    HostTime time;                  ///< stamp of the first sample, as stored
    bool xrun = false;              ///< the device reported lost samples just before
    bool late_only = false;         ///< the stamp is known to be an arrival, see StampKind
};

/// The sums of a short run of blocks' trusted stamps. x: seconds since the first sample by the label rate;
/// y: ns by which the stamp is later than the first stamp plus x.
struct StampCell {
    enum class Start {
        joined,   ///< continuous with the previous cell
        gap,      ///< audio was lost just before
        setback,  ///< stamps are earlier from here on, which no loss explains
    };
    std::int64_t first_sample = 0, end_sample = 0;
    Start start = Start::joined;
    std::int64_t segment = 0;  ///< counts gaps and setbacks
    double guess = 0;          ///< y expected at first_sample, for cells without a trusted stamp
    LinearRegression stamps;
    /// The least late stamp, for stamps that can only be late. x: of the block's end, as that is what arrives.
    struct Edge {
        double x = 0, y = 0;
        double spread = 0;  ///< ns by which it may itself be late
        bool known = false;
    } edge;
    bool late = false;   ///< stamps can only be late, as far as was known when the cell was closed
    double spacing = 0;  ///< ns between the values that lateness takes; 0: any value
};

/// Distinguishes late stamps from lost audio: discards untrusted stamps and finds the blocks before which samples are
/// missing. First half of AudioClock; see docs/audio-clock.md. The output depends on the sequence of blocks only.
class GapDetector {
 public:
    explicit GapDetector(int label_rate, StampKind kind = StampKind::automatic);

    /// Adds the next block; appends the cells that are decided now. Invalid blocks (no frames, an index that goes back)
    /// are ignored.
    void add(const AudioBlockStamp& block, std::vector<StampCell>& out);
    /// Appends the rest. No add() after it.
    void finish(std::vector<StampCell>& out);

    std::int64_t origin_sample() const { return origin_sample_; }
    HostTime origin_time() const { return origin_time_; }
    double block_seconds() const { return block_seconds_; }
    /// The block length, s, above which memory and reach no longer grow.
    static constexpr double long_block_seconds = 10;
    /// Seconds of stream that must follow a cell before it is emitted.
    double look_ahead() const { return look_ahead_; }

 private:
    struct Point {
        std::int64_t first, end;
        double x, y;
        double end_x;
        bool xrun, late_only;
        bool together;  ///< arrived almost at the same time as the previous block
        bool apart;     ///< not in one burst with the previous block
        bool last;      ///< nor with the next: only the last block of a burst shows the delivery's lateness
    };
    struct Line {
        double x = 0, y = 0, slope = 0;
        double at(double to) const { return y + slope * (to - x); }
    };
    struct Step {
        std::size_t block = 0;  ///< index in pending_
        double level = 0;       ///< ns above the line
    };

    void begin();
    void begin_slope(const std::vector<double>& xs, const std::vector<double>& ys, std::size_t farthest);
    void begin_lateness();
    void begin_level();
    bool view_complete(std::int64_t cell_end) const;
    std::size_t view_size(std::int64_t cell_end) const;
    double x_of(const Point& p) const { return late_ ? p.end_x : p.x; }
    void take_residuals(const Line& line, std::size_t count);
    void keep_least_late();
    void decide_kind();
    Line expected();
    double threshold() const;
    bool surely_late(double lateness, std::size_t from, std::size_t to, bool flagged) const;
    std::size_t shown(std::size_t from, std::size_t to) const;
    double reach() const;
    std::size_t window_blocks() const;
    std::vector<double> window_medians(std::size_t from, std::size_t to, std::size_t size) const;
    bool find_step(std::size_t in_cell, bool finishing, Step& step) const;
    bool find_bend(const Line& line, const Step& step);
    std::size_t locate(double level, std::size_t to) const;
    std::size_t locate_least_late(double least, std::size_t to, double& level) const;
    void decide(std::int64_t cell_end, bool finishing, std::vector<StampCell>& out);
    void close_cell(const Line& line, std::size_t blocks, std::int64_t end, std::vector<StampCell>& out);
    void find_edge(StampCell& cell, std::size_t blocks) const;
    void note_scatter(double residual);

    const double rate_;
    const StampKind kind_;
    const std::int64_t hop_;  ///< samples
    bool begun_ = false;
    std::int64_t origin_sample_ = 0, end_sample_ = 0;
    HostTime origin_time_;
    std::int64_t accepted_ = 0;
    double last_y_ = 0;  ///< y of the last block
    double block_seconds_ = 0;
    double look_ahead_ = 0, memory_ = 0;  ///< seconds

    std::deque<Point> pending_;      ///< not yet decided
    std::vector<double> distances_;  ///< of pending_ from the present line
    std::vector<double> residuals_;  ///< the same; for late stamps, the least of each and all later ones
    std::deque<StampCell> recent_;   ///< cells that the line is fitted to
    std::int64_t cell_first_ = 0;    ///< next cell's first sample
    StampCell::Start cell_start_ = StampCell::Start::joined;
    std::int64_t segment_ = 0;
    std::int64_t segment_first_ = 0;      ///< its first sample
    double anchor_x_ = 0, anchor_y_ = 0;  ///< a point of the segment's level
    double slope_ = 0, slope_error_ = 0;  ///< ns/s
    double slope_weight_limit_ = 0;       ///< s², limit of slope_'s weight
    std::deque<double> scatter_;          ///< last absolute residuals, ns
    double sigma_ = 0;                    ///< their robust standard deviation, ns

    StampLateness lateness_;
    LowerEnvelope envelope_;
    bool late_ = false;  ///< stamps can only be late
    bool begun_level_ = false;
    double spacing_ = 0;         ///< of their lateness, ns
    double lateness_scale_ = 0;  ///< ns
    int disagreements_ = 0, unseen_ = 0;
    int undecided_ = 0;       ///< cells since the kind was decided
    double early_limit_ = 0;  ///< distances below are errors, ns
};

}  // namespace onetake
