#pragma once

#include "base/time.h"

namespace onetake {

/// The machine's clocks, for the few loops that wait; tests hand in a fake one. Thread-safe.
class Clock {
 public:
    virtual ~Clock() = default;
    virtual HostTime now() const = 0;
    /// Sleeps until `t`; returns at once if it has passed.
    virtual void wait_until(HostTime t) = 0;
};

/// The real clocks.
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

/// Reads the three clocks, the tightest of a few tries.
ClockReading read_clocks();

}  // namespace onetake
