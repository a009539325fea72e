#pragma once

#include "base/wake_event.h"
#include "record/input_pace.h"

#include <cstddef>

namespace onetake {

/// When media of a file may be passed on, which can be read faster than they are to come.
struct MediaTurn {
    InputPace* pace = nullptr;  ///< of files that are read as fast as possible, in step; null for others
    std::size_t input = 0;      ///< in `pace`
    /// Where set, media wait for their time, as those of a file beside live sources, until it is woken.
    const WakeEvent* until_stopped = nullptr;

    void wait(HostTime time) const {
        if (pace != nullptr) pace->wait(input, time);
        if (until_stopped != nullptr) until_stopped->wait_until(time, -1);
    }
};

}  // namespace onetake
