#pragma once

#include "base/files.h"
#include "base/time.h"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace onetake {

/// Foresees when something that only shrinks will be used up, from how fast a take uses it or it shrinks, whichever is
/// faster, and says when to warn. Pure. Thread-bound.
class SupplyWatch {
 public:
    struct Forecast {
        double minutes = 0;     ///< until it is used up
        double per_second = 0;  ///< at this rate
    };
    /// Tells how much was used so far and how much is left; about once a second. A value calls for a warning: ten
    /// minutes before the end, and again two minutes before.
    std::optional<Forecast> update(HostTime now, std::uint64_t used, std::uint64_t left);

 private:
    struct Point {
        HostTime time;
        std::uint64_t used = 0, left = 0;
    };
    std::deque<Point> past_;  // of the last half minute
    int warned_ = 0;          // warnings given so far
};

/// Foresees when a disk will be full: of bytes, or of files, of which many file systems hold a fixed number. Films,
/// other programs and the file system itself fill it, too. Pure. Thread-bound.
class DiskWatch {
 public:
    /// Tells how much was stored so far and what there still is room for; about once a second. A value is a warning to
    /// pass on.
    std::optional<std::string> update(HostTime now, std::uint64_t bytes_stored, std::uint64_t files_stored,
                                      const DiskRoom& room);

 private:
    SupplyWatch bytes_, files_;
};

}  // namespace onetake
