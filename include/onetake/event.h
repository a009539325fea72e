#pragma once

#include <onetake/export.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace onetake {

enum class EventKind {
    stall,         ///< no media received from a device for some time
    resumed,       ///< media are received again
    device_lost,   ///< a device is disconnected or unusable; the recorder keeps trying to reopen it
    loss,          ///< `count` frames, or samples per channel, are lost; summed up per second, track and cause
    fallback,      ///< something that was asked for is not available, and the take goes on without it
    disk_warning,  ///< the disk will be full soon
    ended_early,   ///< nothing more can be stored; the take must be stopped
    note,          ///< anything else that a person should know
};
ONETAKE_API std::string_view to_string(EventKind kind);

/// Something a person should know about a take, when it happens.
struct RecorderEvent {
    EventKind kind = EventKind::note;
    double t = 0;             ///< when it was noticed: seconds on CLOCK_MONOTONIC
    std::string track;        ///< "v1", "a1" …; empty: the take as a whole
    std::uint64_t count = 0;  ///< of a loss
    std::string text;         ///< one line, without the track
};
using EventCallback = std::function<void(const RecorderEvent&)>;

}  // namespace onetake
