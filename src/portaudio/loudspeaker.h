#pragma once

#include "base/error.h"
#include "base/time.h"

#include <memory>

namespace onetake {

/// Plays beeps at known times, for calibration. Thread-bound.
class Loudspeaker {
 public:
    virtual ~Loudspeaker() = default;
    /// Plays one beep of 1 kHz and 150 ms without fade-in. Returns when its first sample leaves the loudspeaker, by the
    /// latency the device reports; at least 0.1 s from now. Error: timed_out if the device requests no audio.
    virtual Result<HostTime> beep() = 0;
};

/// The system's default output through PortAudio. Errors: missing_part without PortAudio; those of the device.
Result<std::unique_ptr<Loudspeaker>> open_loudspeaker();

}  // namespace onetake
