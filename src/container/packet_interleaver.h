#pragma once

#include "base/time.h"
#include "media/packet.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace onetake {

/// Puts the packets of several streams into one order, by decoding time; at equal times the stream added first goes
/// first. A packet waits until no other stream can have one before it: each has one here, has ended, or is known to
/// have none before that time. When more than `most_bytes` wait, the earliest goes on without waiting. Thread-bound.
class PacketInterleaver {
 public:
    explicit PacketInterleaver(std::uint64_t most_bytes) : most_bytes_(most_bytes) {}

    /// Streams are numbered from 0, as their packets are. `time_scale`: ticks per second.
    void add_stream(std::int64_t time_scale) { streams_.push_back({time_scale, {}, {}, false}); }
    /// Each stream's packets come in decoding order.
    void push(Packet packet);
    /// The stream's next packet is not decoded before `time`; an earlier time than before changes nothing.
    void advance(std::size_t stream, MediaTime time);
    /// The stream has no more packets.
    void end(std::size_t stream) { streams_[stream].ended = true; }

    /// The next packet in order; empty where it must be waited for.
    std::optional<Packet> pop();

 private:
    struct Stream {
        std::int64_t time_scale = 1;
        std::deque<Packet> waiting;
        std::optional<MediaTime> nothing_before;
        bool ended = false;
    };

    Stream* earliest();
    bool must_wait(const Stream& next) const;

    std::vector<Stream> streams_;
    std::uint64_t waiting_bytes_ = 0;
    const std::uint64_t most_bytes_;
};

}  // namespace onetake
