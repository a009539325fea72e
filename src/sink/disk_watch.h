#pragma once

#include "base/time.h"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace onetake {

/// Foresees when a disk will be full, from how fast a take grows or the disk fills, whichever is faster (films, other
/// programs and the file system itself take space, too), and warns in time. Pure. Thread-bound.
class DiskWatch {
 public:
    /// Tells how much was stored so far and how much space is left; about once a second. A value is a warning to pass
    /// on: ten minutes before the disk will be full, and again two minutes before.
    std::optional<std::string> update(HostTime now, std::uint64_t bytes_stored, std::uint64_t bytes_left);

 private:
    struct Point {
        HostTime time;
        std::uint64_t stored = 0, left = 0;
    };
    std::deque<Point> past_;  // of the last half minute
    int warned_ = 0;          // warnings given so far
};

}  // namespace onetake
