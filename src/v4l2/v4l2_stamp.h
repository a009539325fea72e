#pragma once

#include "media/frame.h"

#include <linux/videodev2.h>
#include <optional>
#include <string>

namespace onetake {

/// Determines each buffer's capture time: the driver's stamp if it is on CLOCK_MONOTONIC and plausible, else the
/// arrival. The stamps of one stream increase strictly. Thread-bound.
class V4l2Stamps {
 public:
    /// `arrival`: when the buffer was dequeued.
    FrameStamp stamp(const v4l2_buffer& buffer, HostTime arrival);
    /// A note about implausible driver stamps, returned once.
    std::optional<std::string> take_note();

 private:
    std::optional<HostTime> last_;
    bool noted_ = false;
    std::optional<std::string> note_;
};

}  // namespace onetake
