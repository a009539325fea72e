#pragma once

#include "base/time.h"
#include "media/frame.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace onetake {

/// What one sound callback was told, and what the machine's clocks said in it.
struct CallbackTimes {
    double adc = 0;           ///< s, the stream's clock: capture instant of the first sample; may be nonsense
    double current = 0;       ///< s, the stream's clock: now; shared by the callbacks of one burst; may be nonsense
    HostTime host;            ///< read in the callback
    WallTime wall;            ///< read at the same instant as `host`
    std::int64_t frames = 0;  ///< samples per channel
};

/// The capture instant of a block's first sample, and who told it.
struct BlockStamp {
    HostTime time;
    StampSource source = StampSource::arrival;
};

/// Host time of a wall time, by an instant at which both clocks were read: the one place of this conversion. Near that
/// instant it holds whatever the wall clock does before or after.
constexpr HostTime host_time_of_wall(WallTime t, HostTime host, WallTime wall) {
    return host + (t - wall);
}

/// Finds out which clock a sound stream's times are on (this depends on the device: CLOCK_MONOTONIC, CLOCK_REALTIME,
/// or nothing usable) and gives each block its stamp: the device's time of capture where it can be believed, else the
/// arrival less the block's length. It chooses stamps, it never repairs one. Thread-bound.
class StreamClock {
 public:
    enum class Kind { undecided, monotonic, realtime, unusable };

    explicit StreamClock(int sample_rate) : sample_rate_(sample_rate) {}

    /// Learns from a callback, in order, until the clock is known: after a few that agree, at most kMostCallbacks or
    /// kLongest.
    void observe(const CallbackTimes& times);
    /// Decides by what was observed so far.
    void decide();
    bool decided() const { return kind_ != Kind::undecided; }
    Kind kind() const { return kind_; }

    /// The stamp of a block, each block once and in order; only once decided.
    BlockStamp stamp(const CallbackTimes& times);

    static constexpr int kEnough = 4;  ///< callbacks that agree
    static constexpr int kMostCallbacks = 10;
    static constexpr Duration kLongest = std::chrono::milliseconds(300);

 private:
    int sample_rate_;
    Kind kind_ = Kind::undecided;
    int observed_ = 0, on_monotonic_ = 0, on_realtime_ = 0;
    HostTime first_;
    double last_adc_ = 0;
    std::optional<HostTime> last_from_device_;
};

std::string_view to_string(StreamClock::Kind kind);

}  // namespace onetake
