#pragma once

#include "base/clock.h"
#include "base/time.h"

#include <deque>
#include <optional>

namespace onetake {

/// Capture times of a live input: its own clock mapped to CLOCK_MONOTONIC.
///
/// By arrival: the packet that was under way for the shortest time in the last half minute shows where its clock is;
/// later packets were held up. All its streams share the one mapping, so they stay in sync with each other as the
/// sender has them. The mapping follows the sender's drift, slowly, without steps.
///
/// By the sender's reports: if by its own UTC clock a packet was captured up to kLongestWay before it arrived, that
/// clock is taken to be set right (NTP), and its times are used, so that different senders agree; drift is followed as
/// above. If not (a clock that nobody set), reports are left aside.
///
/// Given the times, without clocks of its own. Thread-bound.
class LiveClock {
 public:
    static constexpr Duration kSettle = std::chrono::milliseconds(500);    ///< of arrivals before times are known
    static constexpr Duration kLongestWay = std::chrono::seconds(2);       ///< from capture to arrival
    static constexpr Duration kEarliest = std::chrono::milliseconds(-20);  ///< clocks are set that exactly
    static constexpr Duration kJump = std::chrono::seconds(10);            ///< a clock that is off by more began anew

    enum class Source { arrival, sender };
    enum class Seen {
        usual,
        began_anew,    ///< the input's clock jumped: earlier times don't compare with later ones
        sender_known,  ///< from now on by the sender's reports: times may have moved by up to kLongestWay
    };

    /// A packet of `time` on the input's clock arrived. `sender_start`: the sender's UTC at time 0, if it reported it.
    /// `now`: a reading of our clocks, of about this time.
    Seen observe(Duration time, HostTime arrival, std::optional<WallTime> sender_start, const ClockReading& now);
    /// Whether times are known; they are after kSettle, or with the sender's reports.
    bool settled() const { return offset_.has_value(); }
    /// Decides now, by what has been observed; at least one packet must have been.
    void settle();
    /// The capture time of `time` on the input's clock; only once settled.
    HostTime capture_time(Duration time) const { return *offset_ + time; }
    Source source() const { return sender_ ? Source::sender : Source::arrival; }
    /// How long packets are under way by a sender's clock that is not used because that can't be; empty if there is
    /// none.
    std::optional<Duration> refused_way() const { return sender_ ? std::nullopt : refused_way_; }

 private:
    struct Bucket {
        HostTime begin;
        HostTime lowest;
    };
    void note_arrival(HostTime zero, HostTime arrival);
    HostTime lowest() const;
    HostTime target() const;
    void follow(HostTime arrival);

    // "Zero": when the input's time 0 would have been by one packet's arrival.
    std::deque<Bucket> buckets_;
    std::optional<HostTime> first_arrival_, offset_, followed_;
    std::optional<HostTime> sender_;     // the input's time 0 by the sender's clock
    std::optional<HostTime> reference_;  // the lowest zero of the half minute after the sender was known
    HostTime sender_since_;
    std::optional<Duration> refused_way_;
};

}  // namespace onetake
