#pragma once

#include "media/cell_store.h"
#include "media/lateness_grid.h"
#include "media/window_choice.h"

#include <cstddef>
#include <vector>

namespace onetake {

/// The cells around the present, and the straight lines through windows of them: through the mean of stamps that
/// scatter to both sides, below stamps that can only be late, through the exact points of a grid.
class ClockLines {
 public:
    /// The line at one instant of one segment, with its error. ns, ns/s.
    using Estimate = WindowChoice::Estimate;

    void add(const StampCell& cell);
    void drop_first() { cells_.pop_front(); }
    const CellStore& cells() const { return cells_; }

    /// The line of `cell`'s segment at x through the cells within `reach` s of x, and not after `last`. Without a stamp
    /// of the segment: not known, only a slope.
    Estimate fit(double x, const StampCell& cell, double reach, double last);
    /// Replaces the estimate by the line through the grid's exact points. False: too few of them.
    bool fit_grid(double x, const StampCell& cell, Estimate& e) const;
    /// The largest known distance between the values that lateness takes, ns; 0: any value.
    double spacing_of(const StampCell& cell) const;

 private:
    /// Cells [first, last).
    struct Window {
        std::size_t first = 0, last = 0;
    };

    Window window(double x, double reach, double last) const;
    Estimate mean(double x, const StampCell& cell, Window window) const;
    Estimate below(double x, const StampCell& cell, Window window);
    double uncertainty(const StampCell& cell, Window window, double slope, double highest) const;

    CellStore cells_;
    LatenessGrid grid_;
    LowerEnvelope envelope_;  // reused
};

}  // namespace onetake
