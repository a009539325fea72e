#include "base/time.h"

#include <cmath>
#include <ctime>
#include <fmt/format.h>

namespace onetake {

namespace {

__extension__ using Int128 = __int128;  // wide enough for any product of two times

// Rounded to nearest, halves away from zero, without overflow for any value that fits the result.
std::int64_t scale(std::int64_t value, std::int64_t numerator, std::int64_t denominator) {
    const Int128 product = static_cast<Int128>(value) * numerator;
    const Int128 half = denominator / 2;
    return static_cast<std::int64_t>((product >= 0 ? product + half : product - half) / denominator);
}

struct Calendar {
    std::tm tm{};
    long microseconds = 0;
};

Calendar calendar(WallTime t, bool local) {
    std::int64_t ns = to_ns(t);
    std::int64_t s = ns / 1'000'000'000;
    std::int64_t rest = ns % 1'000'000'000;
    if (rest < 0) {
        rest += 1'000'000'000;
        --s;
    }
    Calendar c;
    const std::time_t seconds = s;
    if (local)
        localtime_r(&seconds, &c.tm);
    else
        gmtime_r(&seconds, &c.tm);
    c.microseconds = static_cast<long>(rest / 1000);
    return c;
}

}  // namespace

Duration duration_from_seconds(double s) {
    const double floor = std::floor(s);
    return std::chrono::seconds(static_cast<std::int64_t>(floor)) + Duration(std::llround((s - floor) * 1e9));
}

std::int64_t to_ticks(Duration t, std::int64_t rate) {
    return scale(t.count(), rate, 1'000'000'000);
}

Duration from_ticks(std::int64_t ticks, std::int64_t rate) {
    return Duration(scale(ticks, 1'000'000'000, rate));
}

std::string utc_compact(WallTime t) {
    const auto [tm, us] = calendar(t, false);
    return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
                       tm.tm_min, tm.tm_sec);
}

std::string utc_iso(WallTime t) {
    const auto [tm, us] = calendar(t, false);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
                       tm.tm_hour, tm.tm_min, tm.tm_sec, us);
}

std::string local_name(WallTime t) {
    const auto [tm, us] = calendar(t, true);
    return fmt::format("{:04}-{:02}-{:02}_{:02}-{:02}-{:02}", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
                       tm.tm_min, tm.tm_sec);
}

}  // namespace onetake
