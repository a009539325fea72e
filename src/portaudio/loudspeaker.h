#pragma once

#include "base/error.h"
#include "base/time.h"

#include <memory>

namespace onetake {

/// Beeps, and knows when each is heard: what a calibration needs. Thread-bound.
class Loudspeaker {
 public:
    virtual ~Loudspeaker() = default;
    /// Asks for one beep of 1 kHz and 150 ms that sets in at once. The instant its first sample leaves the loudspeaker,
    /// by the device's own figures; at least 0.1 s from now. Error: timed_out where the device asks for no sound.
    virtual Result<HostTime> beep() = 0;
};

/// The system's default output through PortAudio. Errors: missing_part without PortAudio; those of the device.
Result<std::unique_ptr<Loudspeaker>> open_loudspeaker();

}  // namespace onetake
