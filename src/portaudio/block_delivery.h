#pragma once

#include "portaudio/sample_feed.h"
#include "portaudio/stream_clock.h"
#include "media/source.h"

#include <optional>
#include <string>
#include <vector>

namespace onetake {

/// Takes the blocks of one stream out of its feed, stamps them, and delivers them in order. Blocks that come before the
/// stream's clock is known are held until it is. Thread-bound.
class BlockDelivery {
 public:
    /// `after_break`: the stream follows another one of the same track that broke; its first block is marked as xrun.
    BlockDelivery(std::string name, int sample_rate, int channels, bool after_break);

    /// Delivers what can be delivered; how many blocks came out of the feed.
    int drain(SampleFeed& feed, AudioReceiver& receiver, HostTime now);
    /// Delivers what is left, clock known or not, and tells of losses no block has told of.
    void finish(SampleFeed& feed, AudioReceiver& receiver, HostTime now);

    const StreamClock& clock() const { return clock_; }
    /// Stamp of the first block delivered.
    std::optional<HostTime> begin() const { return begin_; }
    /// End of the last block delivered, by its own stamp.
    std::optional<HostTime> end() const { return end_; }

 private:
    struct Held {
        RingBlock block;
        std::vector<std::int16_t> samples;
    };
    void release(AudioReceiver& receiver);
    void deliver(Held held, AudioReceiver& receiver);
    void tell_loss(std::uint64_t frames, HostTime time, AudioReceiver& receiver);

    const std::string name_;
    const int sample_rate_, channels_;
    StreamClock clock_;
    std::vector<Held> held_;
    std::optional<HostTime> begin_, end_;
    bool mark_next_;
    bool no_clock_told_ = false;
    std::uint64_t lost_told_ = 0;
};

}  // namespace onetake
