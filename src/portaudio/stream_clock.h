#pragma once

#include "base/time.h"
#include "media/frame.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace onetake {

/// The times passed to one audio callback, and the system clocks read in it.
struct CallbackTimes {
    double adc = 0;           ///< s, the stream's clock: capture time of the first sample; may be invalid
    double current = 0;       ///< s, the stream's clock: now; shared by the callbacks of one burst; may be invalid
    HostTime host;            ///< read in the callback
    WallTime wall;            ///< read together with `host`
    std::int64_t frames = 0;  ///< samples per channel
};

/// The capture time of a block's first sample and its source.
struct BlockStamp {
    HostTime time;
    StampSource source = StampSource::arrival;
};

/// Determines which clock an audio stream's times are on (depending on the device CLOCK_MONOTONIC, CLOCK_REALTIME or
/// none) and stamps each block: the device's capture time if it is plausible, else the arrival minus the block's
/// length. Stamps are selected, never repaired. Thread-bound.
class StreamClock {
 public:
    enum class Kind { undecided, monotonic, realtime, unusable };

    explicit StreamClock(int sample_rate) : sample_rate_(sample_rate) {}

    /// Evaluates a callback's times, in order, until the clock is known: after kEnough that agree, at most
    /// kMaxCallbacks or kMaxWait.
    void observe(const CallbackTimes& times);
    /// Decides by the callbacks observed so far.
    void decide();
    bool decided() const { return kind_ != Kind::undecided; }
    Kind kind() const { return kind_; }

    /// The stamp of a block; call once per block, in order, after decided().
    BlockStamp stamp(const CallbackTimes& times);

    static constexpr int kEnough = 4;  ///< callbacks that agree
    static constexpr int kMaxCallbacks = 10;
    static constexpr Duration kMaxWait = std::chrono::milliseconds(300);

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
