#include "v4l2/v4l2_sequence.h"

#include <algorithm>

namespace onetake {
namespace {

/// Frames within which counter and stamps must show the same loss.
constexpr int kMatchWindow = 8;
/// Counter differences from here on are steps back.
constexpr std::uint32_t kHalf = 0x80000000U;

}  // namespace

V4l2Sequence::Finding V4l2Sequence::next(std::uint32_t sequence, HostTime stamp) {
    Finding finding;
    if (!last_sequence_) {
        last_sequence_ = sequence;
        last_stamp_ = stamp;
        return finding;
    }
    const std::uint32_t step = sequence - *last_sequence_;
    const Duration passed = stamp - last_stamp_;
    last_sequence_ = sequence;
    last_stamp_ = stamp;
    if (step == 0 || step >= kHalf) {
        time_ = jump_ = {};
        (step == 0 ? finding.stuck : finding.restarted) = true;
        return finding;
    }

    const std::uint64_t by_counter = step - 1;
    std::uint64_t by_time = by_counter;
    if (interval_ > Duration::zero()) {
        const auto slots = (passed + interval_ / 2) / interval_;
        by_time = slots > 1 ? static_cast<std::uint64_t>(slots - 1) : 0;
    }
    if (by_counter == 0 || by_counter == by_time) update_interval(passed / step);

    finding.lost = std::min(by_counter, by_time);
    for (Unmatched* unmatched : {&time_, &jump_}) {
        const std::uint64_t more = (unmatched == &time_ ? by_time : by_counter) - finding.lost;
        unmatched->age = more > 0 ? 0 : unmatched->age + 1;
        unmatched->frames += more;
    }
    const std::uint64_t matched = std::min(time_.frames, jump_.frames);
    finding.lost += matched;
    time_.frames -= matched;
    jump_.frames -= matched;

    if (time_.age >= kMatchWindow) time_ = {};
    if (jump_.age >= kMatchWindow) {
        finding.jumped_in_time = jump_.frames > 0;
        jump_ = {};
    }
    return finding;
}

void V4l2Sequence::reset() {
    interval_ = nominal_;
    last_sequence_.reset();
    time_ = jump_ = {};
}

void V4l2Sequence::update_interval(Duration interval) {
    if (interval <= Duration::zero()) return;
    // A single delay must not be taken for a lower frame rate.
    interval_ =
        interval_ > Duration::zero() ? interval_ + (std::min(interval, 2 * interval_) - interval_) / 8 : interval;
}

}  // namespace onetake
