#pragma once

#include <chrono>
#include <cstdint>
#include <string>

/// Times that don't mix: each is an integer count of nanoseconds on its own clock, converted to another only by the
/// named functions of docs/clocks.md.
namespace onetake {

using Duration = std::chrono::nanoseconds;

template <class Tag>
struct ClockDomain {
    using rep = std::int64_t;
    using period = std::nano;
    using duration = Duration;
    using time_point = std::chrono::time_point<ClockDomain>;
    static constexpr bool is_steady = true;
};

/// CLOCK_MONOTONIC of this machine: the clock of every stamp in a take.
using HostTime = std::chrono::time_point<ClockDomain<struct HostTag>, Duration>;
/// CLOCK_BOOTTIME: like HostTime, but includes suspend. Logged beside it, never used for media.
using BootTime = std::chrono::time_point<ClockDomain<struct BootTag>, Duration>;
/// CLOCK_REALTIME since 1970 UTC: for names and creation_time. It can step; never used for media.
using WallTime = std::chrono::time_point<ClockDomain<struct WallTag>, Duration>;
/// Time in a rendered file, from its start.
using MediaTime = std::chrono::time_point<ClockDomain<struct MediaTag>, Duration>;

/// Nanoseconds of a time point on its own clock.
template <class Tag>
constexpr std::int64_t to_ns(std::chrono::time_point<ClockDomain<Tag>, Duration> t) {
    return t.time_since_epoch().count();
}
constexpr HostTime host_time_from_ns(std::int64_t ns) {
    return HostTime(Duration(ns));
}

/// Seconds, for the public API; exact if `s` is finite and below 2^53 ns in magnitude.
constexpr double to_seconds(Duration d) {
    return static_cast<double>(d.count()) * 1e-9;
}
Duration duration_from_seconds(double s);

/// Media time of a host time in a file that starts at `origin`: the only place of this conversion.
constexpr MediaTime media_time(HostTime t, HostTime origin) {
    return MediaTime(t - origin);
}

/// Host time of a wall time, by a simultaneous reading of both clocks: the only place of this conversion. Valid near
/// that reading, even if the wall clock steps before or after.
constexpr HostTime host_time_of_wall(WallTime t, HostTime host, WallTime wall) {
    return host + (t - wall);
}

/// Ticks of 1/`rate` s nearest to `t`, halves away from zero. Exact for any length (no floating point).
std::int64_t to_ticks(Duration t, std::int64_t rate);
/// Nanoseconds nearest to `ticks` of 1/`rate` s.
Duration from_ticks(std::int64_t ticks, std::int64_t rate);

/// "20261121T010500Z", UTC.
std::string utc_compact(WallTime t);
/// "2026-11-21T01:05:00.123456Z", UTC: the format of creation_time in an MP4.
std::string utc_iso(WallTime t);
/// "2026-11-21_02-05-00" in local time: a take's default name.
std::string local_name(WallTime t);

}  // namespace onetake
