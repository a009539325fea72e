#pragma once

#include "media/frame.h"

#include <linux/videodev2.h>
#include <optional>
#include <string>

namespace onetake {

/// Tells each buffer's capture instant: the driver's stamp where it is on our clock and believable, else the arrival.
/// The stamps of one stream rise strictly. Thread-bound.
class V4l2Stamps {
 public:
    /// `arrival`: when the buffer was dequeued.
    FrameStamp stamp(const v4l2_buffer& buffer, HostTime arrival);
    /// Something to say about the driver's stamps, given out once.
    std::optional<std::string> take_note();

 private:
    std::optional<HostTime> last_;
    bool noted_ = false;
    std::optional<std::string> note_;
};

}  // namespace onetake
