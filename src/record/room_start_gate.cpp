#include "record/room_start_gate.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace onetake {

namespace {

// Cuts off what lies before `begin_ms`; false if nothing is left.
bool cut(HeldMedia& media, double begin_ms) {
    if (media.timestamp_ms >= begin_ms) return true;
    if (media.track.media != RoomMedia::audio) return false;
    const auto each = sizeof(std::int16_t) * static_cast<std::size_t>(std::max(media.track.channels, 1));
    const double early = std::ceil((begin_ms - media.timestamp_ms) * 1e-3 * media.track.sample_rate);
    const auto samples = static_cast<double>(media.data.bytes.size() / each);
    if (early >= samples) return false;
    media.data.bytes = media.data.bytes.subspan(static_cast<std::size_t>(early) * each);
    media.timestamp_ms += early * 1e3 / media.track.sample_rate;
    return true;
}

}  // namespace

void RoomStartGate::add(std::uint64_t track) {
    if (!open_) first_ms_.try_emplace(track);
}

std::vector<HeldMedia> RoomStartGate::remove(std::uint64_t track) {
    if (open_) return {};
    first_ms_.erase(track);
    return decide();
}

bool RoomStartGate::holds(std::uint64_t track) const {
    return std::ranges::any_of(held_, [&](const HeldMedia& media) { return media.track.number == track; });
}

std::vector<HeldMedia> RoomStartGate::take(HeldMedia media) {
    std::vector<HeldMedia> all;
    if (open_) {
        if (!begin_ms_ || cut(media, *begin_ms_)) all.push_back(std::move(media));
        return all;
    }
    auto& first = first_ms_[media.track.number];
    if (!first) first = media.timestamp_ms;
    earliest_ms_ = std::min(earliest_ms_.value_or(media.timestamp_ms), media.timestamp_ms);
    latest_ms_ = std::max(latest_ms_.value_or(media.timestamp_ms), media.timestamp_ms);
    bytes_ += media.data.bytes.size();
    held_.push_back(std::move(media));
    return decide();
}

std::vector<HeldMedia> RoomStartGate::decide() {
    if (!earliest_ms_) return {};
    double begin = *earliest_ms_;
    std::vector<std::uint64_t> silent;
    for (const auto& [track, first] : first_ms_) {
        if (first)
            begin = std::max(begin, *first);
        else
            silent.push_back(track);
    }
    if (silent.empty()) return release(begin);
    if (*latest_ms_ - *earliest_ms_ < *timeout_s_ * 1e3 && bytes_ < kMostBytes) return {};
    late_ = std::move(silent);
    return release(*earliest_ms_);
}

std::vector<HeldMedia> RoomStartGate::release(double begin_ms) {
    open_ = true;
    begin_ms_ = begin_ms;
    auto held = std::exchange(held_, {});
    std::erase_if(held, [&](HeldMedia& media) { return !cut(media, begin_ms); });
    return held;
}

std::vector<HeldMedia> RoomStartGate::finish() {
    if (open_ || !earliest_ms_) return {};
    for (const auto& [track, first] : first_ms_)
        if (!first) late_.push_back(track);
    return release(*earliest_ms_);
}

}  // namespace onetake
