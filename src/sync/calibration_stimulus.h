#pragma once

#include "base/clock.h"
#include "portaudio/loudspeaker.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

namespace onetake {

/// When a flash and its beep left this machine, as far as it knows.
struct ShownMark {
    HostTime light, beep;
};

struct ShowPlan {
    int count = 16;
    Duration screen_delay{};                            ///< from show() to the light
    Duration settle = std::chrono::milliseconds(2000);  ///< of darkness first: cameras adapt
    Duration lit = std::chrono::milliseconds(250);
    Duration shortest = std::chrono::milliseconds(950);  ///< from one flash to the next
    Duration spread = std::chrono::milliseconds(500);    ///< at most this much more, at random
    std::uint32_t seed = 0;
    const std::atomic<bool>* cancel = nullptr;
};

/// Shows flashes and plays beeps, each two at one instant, with random time between the pairs: so the flashes fall
/// everywhere between a camera's frames. The screen is dark before and after. Errors: cancelled; the loudspeaker's.
Result<std::vector<ShownMark>> show_marks(const ShowPlan& plan, Loudspeaker& loudspeaker,
                                          const std::function<void(bool lit)>& show, Clock& clock);

}  // namespace onetake
