#pragma once

#include "base/time.h"
#include "media/linear_regression.h"

#include <cstdint>

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
    std::int64_t segment = 0;       ///< counts gaps and setbacks
    double first_x = 0, end_x = 0;  ///< x of first_sample and end_sample
    double guess = 0;               ///< y expected at first_sample, for cells without a trusted stamp
    double slope = 0;               ///< expected, ns/s
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

}  // namespace onetake
