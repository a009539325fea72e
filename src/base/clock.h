#pragma once

#include "base/time.h"

namespace onetake {

/// The system clock, for the few loops that wait; tests pass a fake one. Thread-safe.
class Clock {
 public:
    virtual ~Clock() = default;
    virtual HostTime now() const = 0;
    /// Sleeps until `t`; returns at once if it has passed.
    virtual void wait_until(HostTime t) = 0;
};

/// The real clock.
class SystemClock final : public Clock {
 public:
    HostTime now() const override;
    void wait_until(HostTime t) override;
};

/// CLOCK_MONOTONIC now.
HostTime host_now();

/// One reading of the three clocks, taken together: how UTC, suspend and clock steps are reconstructed later.
struct ClockReading {
    HostTime host;
    BootTime boot;
    WallTime wall;
    /// Bound on how far apart the three were read.
    Duration spread{};
};

/// Reads the three clocks; the reading with the smallest spread of several.
ClockReading read_clocks();

}  // namespace onetake
