#include "sync/calibration_stimulus.h"

#include <algorithm>
#include <random>

namespace onetake {

namespace {

constexpr Duration kMaxSleep = std::chrono::milliseconds(50);

bool wait_until(Clock& clock, HostTime t, const std::stop_token& cancel) {
    for (;;) {
        if (cancel.stop_requested()) return false;
        const auto now = clock.now();
        if (now >= t) return true;
        clock.wait_until(std::min(t, now + kMaxSleep));
    }
}

}  // namespace

Result<std::vector<StimulusMark>> play_stimulus(const StimulusPlan& plan, Loudspeaker& loudspeaker,
                                                const std::function<void(bool lit)>& show, Clock& clock) {
    std::vector<StimulusMark> marks;
    std::mt19937 random(plan.seed);
    std::uniform_int_distribution<std::int64_t> more(0, plan.spread.count());
    const auto cancelled = [] {
        return fail(ErrorCode::cancelled, "The calibration was cancelled; nothing was stored.");
    };
    show(false);
    auto next = clock.now() + plan.settle;
    for (int i = 0; i < plan.count; ++i) {
        if (!wait_until(clock, next, plan.cancel)) return cancelled();
        const auto beep = loudspeaker.beep();
        if (!beep) return fail(beep.error());
        if (!wait_until(clock, *beep - plan.screen_delay, plan.cancel)) return cancelled();
        const auto light = clock.now() + plan.screen_delay;
        show(true);
        marks.push_back({light, *beep});
        const bool running = wait_until(clock, light + plan.lit, plan.cancel);
        show(false);
        if (!running) return cancelled();
        next = light + plan.shortest + Duration(more(random));
    }
    // Wait until the last beep and flash have been recorded.
    if (!wait_until(clock, clock.now() + plan.lit, plan.cancel)) return cancelled();
    return marks;
}

}  // namespace onetake
