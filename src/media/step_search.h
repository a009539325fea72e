#pragma once

#include "media/rate_hypothesis.h"
#include "media/stamp_lateness.h"
#include "media/stamp_scatter.h"
#include "media/stamp_view.h"

#include <cstddef>
#include <cstdint>

namespace onetake {

/// Looks for lost audio in a measured StampView: a level that all stamps to the end of the view keep. Lateness after a
/// stall ends, lost samples stay lost. Refers to its arguments.
class StepSearch {
 public:
    struct Step {
        std::size_t block = 0;  ///< index in the view
        double level = 0;       ///< ns above the line
    };

    /// `segment_first`: no step lies at or before this sample. `late`: stamps can only be late.
    StepSearch(const StampView& view, const StampScatter& scatter, const StampLateness& lateness,
               std::int64_t segment_first, double block_seconds, bool late)
        : view_(view),
          scatter_(scatter),
          lateness_(lateness),
          segment_first_(segment_first),
          block_seconds_(block_seconds),
          late_(late) {}

    /// Whether there is a step before one of the view's first `in_cell` blocks. `finishing`: no blocks follow the view.
    bool find(std::size_t in_cell, bool finishing, Step& step) const;
    /// Tests whether the stamps after the step lie on a line of another slope that begins at the expected line.
    RateHypothesis bend(const Step& step) const;

 private:
    bool surely_late(double lateness, std::size_t from, std::size_t to, bool flagged) const;
    std::size_t locate(double level, std::size_t to) const;
    std::size_t locate_least_late(double least, std::size_t to, double& level) const;

    const StampView& view_;
    const StampScatter& scatter_;
    const StampLateness& lateness_;
    const std::int64_t segment_first_;
    const double block_seconds_;
    const bool late_;
};

}  // namespace onetake
