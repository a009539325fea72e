#pragma once

#include "base/time.h"
#include "media/packet.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace onetake {

/// Merges the packets of several streams in order of decoding time; at equal times the stream added first is first. A
/// packet is held until no other stream can have an earlier one: each has one queued, has ended, or is known to have
/// none before that time. When more than `most_bytes` are queued, the earliest is released at once. Thread-bound.
class PacketInterleaver {
 public:
    explicit PacketInterleaver(std::uint64_t most_bytes) : most_bytes_(most_bytes) {}

    /// Streams are numbered from 0, as in Packet::stream. `time_scale`: ticks per second.
    void add_stream(std::int64_t time_scale) { streams_.push_back({time_scale, {}, {}, false}); }
    /// Each stream's packets in decoding order.
    void push(Packet packet);
    /// The stream's next packet has a decoding time of at least `time`; an earlier time than before changes nothing.
    void advance(std::size_t stream, MediaTime time);
    /// The stream has no more packets.
    void end(std::size_t stream) { streams_[stream].ended = true; }

    /// The next packet in order; empty while it is held.
    std::optional<Packet> pop();

 private:
    struct Stream {
        std::int64_t time_scale = 1;
        std::deque<Packet> queue;
        std::optional<MediaTime> nothing_before;
        bool ended = false;
    };

    Stream* earliest();
    bool must_wait(const Stream& next) const;

    std::vector<Stream> streams_;
    std::uint64_t queued_bytes_ = 0;
    const std::uint64_t most_bytes_;
};

}  // namespace onetake
