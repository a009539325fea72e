#pragma once

#include "base/clock.h"
#include "portaudio/loudspeaker.h"

#include <cstdint>
#include <functional>
#include <stop_token>
#include <vector>

namespace onetake {

/// Estimated times at which a flash and its beep were output.
struct StimulusMark {
    HostTime light, beep;
};

struct StimulusPlan {
    int count = 16;
    Duration screen_delay{};                            ///< from show() to the light
    Duration settle = std::chrono::milliseconds(2000);  ///< of darkness first, for the camera's exposure
    Duration lit = std::chrono::milliseconds(250);
    Duration shortest = std::chrono::milliseconds(950);  ///< from one flash to the next
    Duration spread = std::chrono::milliseconds(500);    ///< random extra time, up to this
    std::uint32_t seed = 0;
    std::stop_token cancel;
};

/// Shows flashes and plays beeps simultaneously, with random time between the pairs, so that the flashes have random
/// phase relative to the camera's frames. The screen is dark before and after. Errors: cancelled; the loudspeaker's.
Result<std::vector<StimulusMark>> play_stimulus(const StimulusPlan& plan, Loudspeaker& loudspeaker,
                                                const std::function<void(bool lit)>& show, Clock& clock);

}  // namespace onetake
