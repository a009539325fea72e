#include "v4l2/v4l2_stamp.h"

#include <cmath>
#include <fmt/format.h>
#include <utility>

namespace onetake {
namespace {

/// A stamp older than this on arrival is from another clock or wrong: no buffer queue is that long.
constexpr Duration kMaxStampAge = std::chrono::seconds(5);

}  // namespace

FrameStamp V4l2Stamps::stamp(const v4l2_buffer& buffer, HostTime arrival) {
    FrameStamp stamp{arrival, arrival, StampSource::arrival, buffer.sequence};
    if ((buffer.flags & V4L2_BUF_FLAG_TIMESTAMP_MASK) == V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC) {
        const HostTime driver_time(std::chrono::seconds(buffer.timestamp.tv_sec) +
                                   std::chrono::microseconds(buffer.timestamp.tv_usec));
        const Duration age = arrival - driver_time;
        if (age >= Duration::zero() && age <= kMaxStampAge && (!last_ || driver_time > *last_)) {
            stamp.time = driver_time;
            stamp.source = (buffer.flags & V4L2_BUF_FLAG_TSTAMP_SRC_MASK) == V4L2_BUF_FLAG_TSTAMP_SRC_SOE
                               ? StampSource::driver_soe
                               : StampSource::driver_eof;
        } else if (!noted_) {
            noted_ = true;
            const bool backwards = last_ && driver_time <= *last_;
            note_ = fmt::format(
                "the driver's stamp of frame {} is {:.3f} s {} its arrival{}; such frames are stamped on arrival",
                buffer.sequence, std::abs(to_seconds(age)), age < Duration::zero() ? "after" : "before",
                backwards ? " and not after the previous frame" : "");
        }
    }
    last_ = stamp.time;
    return stamp;
}

std::optional<std::string> V4l2Stamps::take_note() {
    return std::exchange(note_, std::nullopt);
}

}  // namespace onetake
