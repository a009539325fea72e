#pragma once

#include "media/stamp_scatter.h"
#include "media/stamp_view.h"

#include <cstddef>
#include <vector>

namespace onetake {

/// A slope and its standard error, ns/s.
struct FirstSlope {
    double slope = 0, error = 0;

    /// The median of the slopes between points some distance apart, of at most `farthest` points. Losses and stalls
    /// affect only the pairs across them, fewer for short distances; scatter needs long ones. Uses the shortest
    /// distance with a small enough error.
    static FirstSlope through(const std::vector<double>& xs, const std::vector<double>& ys, std::size_t farthest);
    /// The same through the least late of every 16 blocks, measured from a line of this slope. False: too few blocks.
    bool refine_below(const StampView& view);
};

/// Measures the first stamps' scatter about a line of the true slope, and the level at which they begin. ns.
double measure_first_level(const StampView& view, StampScatter& scatter);

}  // namespace onetake
