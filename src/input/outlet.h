#pragma once

#include "base/clock.h"
#include "capture/push_gate.h"
#include "media/source.h"

#include <fmt/format.h>
#include <optional>
#include <string>
#include <utility>

namespace onetake {

/// Where one track's media and events go: to its receiver from start() to stop(). start() and stop() are for the
/// owner's thread, the rest for the one that delivers.
template <class Receiver>
class Outlet {
 public:
    void start(Receiver& receiver) {
        receiver_ = &receiver;
        gate_.open();
    }
    /// Waits for a call to the receiver that is under way.
    void stop() { gate_.close(); }

    /// Calls `use` with the receiver, unless stopped.
    template <class Use>
    void with(Use use) {
        if (!gate_.enter()) return;
        use(*receiver_);
        gate_.leave();
    }
    void report(SourceEvent::Kind kind, HostTime time, std::string text, std::uint64_t count = 0) {
        with([&](Receiver& r) { r.report({kind, time, count, std::move(text)}); });
    }

 private:
    PushGate gate_;
    Receiver* receiver_ = nullptr;  // set before the gate opens
};

/// Whether a live track's media arrive; reports what changes.
template <class Receiver>
class TrackWatch {
 public:
    TrackWatch(Outlet<Receiver>& outlet, std::string unit, Duration stall_after)
        : outlet_(outlet), unit_(std::move(unit)), stall_after_(stall_after) {}

    /// Media arrived. `missing`: units between the media before and these.
    void arrived(HostTime now, std::uint64_t missing) {
        if (out_since_) {
            outlet_.report(SourceEvent::Kind::resumed, now,
                           fmt::format("{}s are arriving again after {:.1f} s", unit_, to_seconds(now - *out_since_)),
                           missing);
        } else if (missing > 0) {
            outlet_.report(SourceEvent::Kind::driver_drop, now, fmt::format("{} {}s are missing", missing, unit_),
                           missing);
        }
        out_since_.reset();
        lost_ = false;
        last_ = now;
    }
    bool out() const { return out_since_.has_value(); }
    void lost(const std::string& why, HostTime now) {
        if (!lost_) outlet_.report(SourceEvent::Kind::device_lost, now, why + "; it is tried again until it answers");
        lost_ = true;
        if (!out_since_) out_since_ = last_.value_or(now);
    }
    void look(HostTime now) {
        if (!last_) last_ = now;
        if (out_since_ || now - *last_ < stall_after_) return;
        out_since_ = last_;
        outlet_.report(SourceEvent::Kind::stall, now,
                       fmt::format("no {} for {:.1f} s", unit_, to_seconds(now - *last_)));
    }

 private:
    Outlet<Receiver>& outlet_;
    const std::string unit_;
    const Duration stall_after_;
    std::optional<HostTime> last_;       // arrival
    std::optional<HostTime> out_since_;  // last arrival before the outage that is reported
    bool lost_ = false;
};

}  // namespace onetake
