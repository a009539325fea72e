#include "container/packet_interleaver.h"

#include <algorithm>

extern "C" {
#include <libavutil/mathematics.h>
}

namespace onetake {

namespace {

AVRational seconds_per_tick(std::int64_t time_scale) {
    return {1, static_cast<int>(time_scale)};
}

}  // namespace

void PacketInterleaver::push(Packet packet) {
    queued_bytes_ += packet.bytes.size();
    auto& stream = streams_[static_cast<std::size_t>(packet.stream)];
    stream.queue.push_back(std::move(packet));
}

void PacketInterleaver::advance(std::size_t stream, MediaTime time) {
    auto& known = streams_[stream].nothing_before;
    known = std::max(known.value_or(time), time);
}

PacketInterleaver::Stream* PacketInterleaver::earliest() {
    Stream* best = nullptr;
    for (auto& stream : streams_) {
        if (stream.queue.empty()) continue;
        if (best == nullptr || av_compare_ts(stream.queue.front().dts, seconds_per_tick(stream.time_scale),
                                             best->queue.front().dts, seconds_per_tick(best->time_scale)) < 0)
            best = &stream;
    }
    return best;
}

bool PacketInterleaver::must_wait(const Stream& next) const {
    if (queued_bytes_ > most_bytes_) return false;
    const auto may_come_before = [&](const Stream& other) {
        if (other.ended || !other.queue.empty()) return false;
        return !other.nothing_before || av_compare_ts(to_ns(*other.nothing_before), seconds_per_tick(1'000'000'000),
                                                      next.queue.front().dts, seconds_per_tick(next.time_scale)) <= 0;
    };
    return std::any_of(streams_.begin(), streams_.end(), may_come_before);
}

std::optional<Packet> PacketInterleaver::pop() {
    Stream* next = earliest();
    if (next == nullptr || must_wait(*next)) return std::nullopt;
    Packet packet = std::move(next->queue.front());
    next->queue.pop_front();
    queued_bytes_ -= packet.bytes.size();
    return packet;
}

}  // namespace onetake
