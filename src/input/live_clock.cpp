#include "input/live_clock.h"

#include <algorithm>

namespace onetake {

namespace {

constexpr Duration kBucket = std::chrono::seconds(5);
constexpr std::size_t kBuckets = 6;
constexpr std::int64_t kSlewPart = 2000;  // the mapping moves by at most 1/2000 of the time that passes

}  // namespace

void LiveClock::note_arrival(HostTime zero, HostTime arrival) {
    if (buckets_.empty() || arrival - buckets_.back().begin >= kBucket) {
        buckets_.push_back({arrival, zero});
        if (buckets_.size() > kBuckets) buckets_.pop_front();
    }
    buckets_.back().lowest = std::min(buckets_.back().lowest, zero);
}

HostTime LiveClock::lowest() const {
    return std::ranges::min(buckets_, {}, &Bucket::lowest).lowest;
}

HostTime LiveClock::target() const {
    if (!sender_) return lowest();
    return reference_ ? *sender_ + (lowest() - *reference_) : *sender_;
}

LiveClock::Seen LiveClock::observe(Duration time, HostTime arrival, std::optional<WallTime> sender_start,
                                   const ClockReading& now) {
    const HostTime zero = arrival - time;
    const bool jumped = !buckets_.empty() && (zero - lowest() > kJump || lowest() - zero > kJump);
    if (jumped) *this = {};
    if (!first_arrival_) first_arrival_ = arrival;
    note_arrival(zero, arrival);
    if (jumped) return Seen::began_anew;

    if (!sender_ && sender_start) {
        const auto by_sender = host_time_of_wall(*sender_start, now.host, now.wall);
        const auto way = lowest() - by_sender;
        if (way >= kEarliest && way <= kLongestWay) {
            const bool moved = offset_.has_value();
            sender_ = offset_ = by_sender;
            sender_since_ = followed_.emplace(arrival);
            return moved ? Seen::sender_known : Seen::usual;
        }
        refused_way_ = way;
    }
    if (sender_ && !reference_ && arrival - sender_since_ >= kBucket * kBuckets) reference_ = lowest();
    if (offset_)
        follow(arrival);
    else if (arrival - *first_arrival_ >= kSettle)
        settle();
    return Seen::usual;
}

void LiveClock::settle() {
    if (offset_) return;
    offset_ = target();
    followed_ = buckets_.back().begin;
}

void LiveClock::follow(HostTime arrival) {
    const auto passed = std::max(arrival - *followed_, Duration::zero());
    const auto most = passed / kSlewPart;
    if (most <= Duration::zero()) return;
    followed_ = arrival;
    *offset_ += std::clamp(target() - *offset_, -most, most);
}

}  // namespace onetake
