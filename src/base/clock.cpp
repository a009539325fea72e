#include "base/clock.h"

#include <ctime>

namespace onetake {

namespace {

Duration read(clockid_t id) {
    timespec t{};
    clock_gettime(id, &t);
    return std::chrono::seconds(t.tv_sec) + Duration(t.tv_nsec);
}

}  // namespace

HostTime host_now() {
    return HostTime(read(CLOCK_MONOTONIC));
}

HostTime SystemClock::now() const {
    return host_now();
}

void SystemClock::wait_until(HostTime t) {
    const auto ns = to_ns(t);
    const timespec until{.tv_sec = ns / 1'000'000'000, .tv_nsec = ns % 1'000'000'000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) != 0 && host_now() < t) {
    }
}

ClockReading read_clocks() {
    ClockReading best;
    best.spread = Duration::max();
    for (int i = 0; i < 5; ++i) {
        const auto before = read(CLOCK_MONOTONIC);
        const auto boot = read(CLOCK_BOOTTIME);
        const auto wall = read(CLOCK_REALTIME);
        const auto after = read(CLOCK_MONOTONIC);
        if (after - before >= best.spread) continue;
        best = {HostTime(before + (after - before) / 2), BootTime(boot), WallTime(wall), after - before};
    }
    return best;
}

}  // namespace onetake
