#include "portaudio/stream_clock.h"

#include <cmath>
#include <utility>

namespace onetake {

namespace {

using namespace std::chrono_literals;

// The stream's "now" is read shortly before the callback's clocks; a burst of callbacks or a busy machine increases the
// difference.
constexpr Duration kCurrentBehind = 1s;
constexpr Duration kCurrentAhead = 50ms;
// A sample can't be captured after its arrival. But sound servers estimate (PulseAudio: 20 ms after), and a monitor
// source delivers what is about to be played: steady times that are slightly late are better than a mixture with
// arrivals.
constexpr Duration kAdcAhead = 100ms;
constexpr Duration kMaxAdcStepBack = 100ms;
// Longer than any buffer of a stream opened with 0.1 s of latency.
constexpr Duration kMaxAdcAge = 2500ms;

constexpr double kMaxSeconds = 9e9;  // beyond, nanoseconds overflow

bool plausible(double seconds) {
    return std::isfinite(seconds) && seconds > 0 && seconds < kMaxSeconds;
}

bool is_now(double current, Duration now) {
    if (!plausible(current)) return false;
    const Duration behind = now - duration_from_seconds(current);
    return behind >= -kCurrentAhead && behind <= kCurrentBehind;
}

}  // namespace

void StreamClock::observe(const CallbackTimes& times) {
    if (decided()) return;
    if (observed_++ == 0) first_ = times.host;
    if (is_now(times.current, times.host.time_since_epoch()))
        ++on_monotonic_;
    else if (is_now(times.current, times.wall.time_since_epoch()))
        ++on_realtime_;
    if (on_monotonic_ >= kEnough || on_realtime_ >= kEnough || observed_ >= kMaxCallbacks ||
        times.host - first_ >= kMaxWait)
        decide();
}

void StreamClock::decide() {
    if (decided()) return;
    // A stream's first times are often 0, so a clock that matched at least once is used; stamp() checks each block
    // anyway.
    if (on_monotonic_ > 0 && on_monotonic_ >= on_realtime_)
        kind_ = Kind::monotonic;
    else if (on_realtime_ > 0)
        kind_ = Kind::realtime;
    else
        kind_ = Kind::unusable;
}

BlockStamp StreamClock::stamp(const CallbackTimes& times) {
    const BlockStamp by_arrival{times.host - from_ticks(times.frames, sample_rate_), StampSource::arrival};
    if (kind_ != Kind::monotonic && kind_ != Kind::realtime) return by_arrival;

    const Duration now = kind_ == Kind::monotonic ? times.host.time_since_epoch() : times.wall.time_since_epoch();
    if (!is_now(times.current, now) || !plausible(times.adc)) return by_arrival;

    const Duration adc = duration_from_seconds(times.adc);
    if (adc > now + kAdcAhead || adc < now - kMaxAdcAge) return by_arrival;
    const HostTime time =
        kind_ == Kind::monotonic ? HostTime(adc) : host_time_of_wall(WallTime(adc), times.host, times.wall);
    // A repeated time is stale. A small step back is the jitter of a coarse hardware pointer; an arrival time instead
    // would be far off its neighbours.
    const bool stale = times.adc == std::exchange(last_adc_, times.adc);
    if (stale || (last_from_device_ && time < *last_from_device_ - kMaxAdcStepBack)) return by_arrival;
    last_from_device_ = time;
    return {time, StampSource::device};
}

std::string_view to_string(StreamClock::Kind kind) {
    switch (kind) {
        case StreamClock::Kind::undecided:
            return "undecided";
        case StreamClock::Kind::monotonic:
            return "CLOCK_MONOTONIC";
        case StreamClock::Kind::realtime:
            return "CLOCK_REALTIME";
        case StreamClock::Kind::unusable:
            return "none";
    }
    return "unknown";
}

}  // namespace onetake
