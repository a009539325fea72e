#pragma once

#include "base/files.h"
#include "base/time.h"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace onetake {

/// Predicts when a resource will be used up, from the rate at which the take uses it or at which it shrinks, whichever
/// is higher, and decides when to warn. Pure. Thread-bound.
class SupplyWatch {
 public:
    struct Forecast {
        double minutes = 0;     ///< until it is used up
        double per_second = 0;  ///< at this rate
    };
    /// `used` so far and `left` now; about once a second. Returns a value when a warning is due: ten minutes before the
    /// end, and again two minutes before.
    std::optional<Forecast> update(HostTime now, std::uint64_t used, std::uint64_t left);

 private:
    struct Point {
        HostTime time;
        std::uint64_t used = 0, left = 0;
    };
    std::deque<Point> past_;  // of the last half minute
    int warned_ = 0;          // warnings given so far
};

/// Predicts when a disk will be full: of bytes, or of files, as many file systems have a fixed number of inodes. Output
/// files, other programs and the file system's own data count, too. Pure. Thread-bound.
class DiskWatch {
 public:
    /// What was stored so far, and the room left; about once a second. Returns a warning when one is due.
    std::optional<std::string> update(HostTime now, std::uint64_t bytes_stored, std::uint64_t files_stored,
                                      const DiskRoom& room);

 private:
    SupplyWatch bytes_, files_;
};

}  // namespace onetake
