#pragma once

#include "base/time.h"
#include "media/lower_envelope.h"
#include "media/rate_hypothesis.h"
#include "media/stamp_cell.h"
#include "media/stamp_kind.h"
#include "media/stamp_lateness.h"
#include "media/stamp_scatter.h"
#include "media/stamp_view.h"

#include <cstdint>
#include <deque>
#include <vector>

namespace onetake {

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
    /// The same for blocks that are not long.
    static constexpr double look_ahead_seconds = 4;

 private:
    void begin();
    void begin_lateness(double slope);
    void decide_kind();
    bool view_complete(std::int64_t cell_end) const;
    std::size_t view_size(std::int64_t cell_end) const;
    StampLine expected();
    bool few_blocks() const;
    void decide(std::int64_t cell_end, bool finishing, std::vector<StampCell>& out);
    void adopt(const StampLine& line, const RateHypothesis& turned);
    void close_cell(const StampLine& line, std::size_t blocks, std::int64_t end, std::vector<StampCell>& out);
    void find_edge(StampCell& cell, std::size_t blocks) const;

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

    StampView view_;  ///< the blocks not yet decided
    StampScatter scatter_;
    std::deque<StampCell> recent_;  ///< cells that the line is fitted to
    std::int64_t cell_first_ = 0;   ///< next cell's first sample
    StampCell::Start cell_start_ = StampCell::Start::joined;
    std::int64_t segment_ = 0;
    std::int64_t segment_first_ = 0;      ///< its first sample
    double steps_ = 0;                    ///< the sum of all changes of level, ns
    double anchor_x_ = 0, anchor_y_ = 0;  ///< a point of the segment's level
    double slope_ = 0, slope_error_ = 0;  ///< ns/s
    double slope_weight_limit_ = 0;       ///< s², limit of slope_'s weight

    StampLateness lateness_;
    LowerEnvelope envelope_;
    bool late_ = false;  ///< stamps can only be late
    bool begun_level_ = false;
    double lateness_scale_ = 0;  ///< ns
    int disagreements_ = 0, unseen_ = 0;
    int undecided_ = 0;       ///< cells since the kind was decided
    double early_limit_ = 0;  ///< distances below are errors, ns
};

}  // namespace onetake
