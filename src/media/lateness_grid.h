#pragma once

#include "media/stamp_cell.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace onetake {

/// Late stamps on a host's timer: lateness takes only a few values, `spacing` apart, so the least late stamps form a
/// staircase. Where it steps, the stamp on the lower tread was on time: anything later, resp. earlier, came on the
/// other tread. The clock is drawn through these points; between them nothing is known but that it lies less than one
/// spacing below the treads. x in s, y in ns, see StampCell.
class LatenessGrid {
 public:
    struct Point {
        double x = 0, y = 0;
        std::int64_t segment = 0;
    };
    struct Line {
        double y = 0, slope = 0;  ///< at the instant asked for
    };

    /// Cells in order; those without such lateness are ignored.
    void add(const StampCell& cell);

    /// The clock near x through the points of this segment. None with less than two of them.
    std::optional<Line> through(double x, std::int64_t segment, double spacing) const;

 private:
    struct Tread {
        double x, y, first_x, end_x, slope;
    };

    std::deque<Tread> last_;  // the last cells of one segment
    std::int64_t segment_ = -1;
    std::deque<Point> points_;
};

}  // namespace onetake
